namespace NfsdCtl.State.Locks;

/// <summary>
/// A search tree in the slab, balanced by priorities that are a keyed mix of the index: expected depth O(log n) whatever ranges a
/// client chooses.
/// </summary>
internal readonly struct Treap<TOrder>(Slab<LockNode> slab, ulong seed)
    where TOrder : struct, INodeOrder
{
    public void Insert(ref int root, int node)
    {
        ref var n = ref slab[node];
        TOrder.Left(ref n) = 0;
        TOrder.Right(ref n) = 0;
        TOrder.Pull(slab, ref n);
        root = InsertAt(root, node);
    }

    public void Erase(ref int root, int node) => root = EraseAt(root, node);

    private int InsertAt(int at, int node)
    {
        if (at == 0)
            return node;
        ref var t = ref slab[at];
        ref var n = ref slab[node];
        if (Priority(node) > Priority(at))
        {
            Split(at, node, out TOrder.Left(ref n), out TOrder.Right(ref n));
            TOrder.Pull(slab, ref n);
            return node;
        }
        if (TOrder.Less(ref n, node, ref t, at))
            TOrder.Left(ref t) = InsertAt(TOrder.Left(ref t), node);
        else
            TOrder.Right(ref t) = InsertAt(TOrder.Right(ref t), node);
        TOrder.Pull(slab, ref t);
        return at;
    }

    private int EraseAt(int at, int node)
    {
        ref var t = ref slab[at];
        if (at == node)
            return Merge(TOrder.Left(ref t), TOrder.Right(ref t));
        if (TOrder.Less(ref slab[node], node, ref t, at))
            TOrder.Left(ref t) = EraseAt(TOrder.Left(ref t), node);
        else
            TOrder.Right(ref t) = EraseAt(TOrder.Right(ref t), node);
        TOrder.Pull(slab, ref t);
        return at;
    }

    private void Split(int at, int key, out int left, out int right)
    {
        if (at == 0)
        {
            left = right = 0;
            return;
        }
        ref var t = ref slab[at];
        if (TOrder.Less(ref slab[key], key, ref t, at))
        {
            Split(TOrder.Left(ref t), key, out left, out int rest);
            TOrder.Left(ref t) = rest;
            right = at;
        }
        else
        {
            Split(TOrder.Right(ref t), key, out int rest, out right);
            TOrder.Right(ref t) = rest;
            left = at;
        }
        TOrder.Pull(slab, ref t);
    }

    private int Merge(int left, int right)
    {
        if (left == 0 || right == 0)
            return left | right;
        ref var l = ref slab[left];
        ref var r = ref slab[right];
        if (Priority(left) > Priority(right))
        {
            TOrder.Right(ref l) = Merge(TOrder.Right(ref l), right);
            TOrder.Pull(slab, ref l);
            return left;
        }
        TOrder.Left(ref r) = Merge(left, TOrder.Left(ref r));
        TOrder.Pull(slab, ref r);
        return right;
    }

    private ulong Priority(int index)
    {
        ulong x = ((ulong)index * 0x9E37_79B9_7F4A_7C15) ^ seed;
        x = (x ^ (x >> 32)) * 0xD6E8_FEB8_6659_FD93;
        return x ^ (x >> 32);
    }
}
