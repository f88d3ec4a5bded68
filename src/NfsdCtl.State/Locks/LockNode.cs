using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NfsdCtl.State.Locks;

/// <summary>
/// One lock range, or a reservation for one, in 64 bytes. It is in two search trees of its file: by (start) with the greatest
/// end below each node, one tree for reads and one for writes, to find conflicts; and by (owner, seat, start), to find what an
/// owner itself holds. A reservation is in the first only.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LockNode : ISlabItem
{
    public ulong Start;
    public ulong End;
    public ulong MaxEnd;
    public int RangeLeft;
    public int RangeRight;
    public int OwnLeft;
    public int OwnRight;
    public int Owner;
    public int Seat;
    public int File;
    public int SeatNext;
    public int SeatPrevious;
    private uint bits;

    public LockKind Kind
    {
        readonly get => (LockKind)(bits & 1);
        set => bits = (bits & ~1u) | (uint)value;
    }

    /// <summary>Seconds after the start of the state at which it was granted.</summary>
    public uint GrantedAt
    {
        readonly get => bits >> 2;
        set => bits = (bits & 3) | (value << 2);
    }

    /// <summary>It only keeps others out: no owner holds it yet.</summary>
    public bool Reserved
    {
        readonly get => (bits & 2) != 0;
        set => bits = value ? bits | 2 : bits & ~2u;
    }

    public readonly LockRange Range => new(Start, End);

    public int FreeNext
    {
        readonly get => SeatNext;
        set => SeatNext = value;
    }
}

/// <summary>How a tree of lock nodes is linked and ordered.</summary>
internal interface INodeOrder
{
    static abstract ref int Left(ref LockNode node);

    static abstract ref int Right(ref LockNode node);

    static abstract bool Less(ref LockNode a, int ai, ref LockNode b, int bi);

    static abstract void Pull(Slab<LockNode> slab, ref LockNode node);
}

/// <summary>By start; augmented with the greatest end of the subtree.</summary>
internal readonly struct ByStart : INodeOrder
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref int Left(ref LockNode node) => ref node.RangeLeft;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref int Right(ref LockNode node) => ref node.RangeRight;

    public static bool Less(ref LockNode a, int ai, ref LockNode b, int bi) => a.Start < b.Start || (a.Start == b.Start && ai < bi);

    public static void Pull(Slab<LockNode> slab, ref LockNode node)
    {
        ulong max = node.End;
        if (node.RangeLeft != 0)
            max = Math.Max(max, slab[node.RangeLeft].MaxEnd);
        if (node.RangeRight != 0)
            max = Math.Max(max, slab[node.RangeRight].MaxEnd);
        node.MaxEnd = max;
    }
}

/// <summary>
/// By owner, seat and start. The live ranges of one owner and seat are disjoint; those of a dead seat sort apart, so that an
/// owner never meets what was released from it.
/// </summary>
internal readonly struct ByOwner : INodeOrder
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref int Left(ref LockNode node) => ref node.OwnLeft;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref int Right(ref LockNode node) => ref node.OwnRight;

    public static bool Less(ref LockNode a, int ai, ref LockNode b, int bi)
    {
        ulong x = Key(a.Owner, a.Seat);
        ulong y = Key(b.Owner, b.Seat);
        return x < y || (x == y && a.Start < b.Start);
    }

    public static void Pull(Slab<LockNode> slab, ref LockNode node)
    {
    }

    public static ulong Key(int owner, int seat) => (ulong)(uint)owner << 32 | (uint)seat;
}
