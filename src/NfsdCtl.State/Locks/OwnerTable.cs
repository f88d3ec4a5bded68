using System.Runtime.CompilerServices;

namespace NfsdCtl.State.Locks;

/// <summary>A lock owner: a host and the number by which it tells its owners apart.</summary>
internal struct OwnerRecord : IHashed, IQueued
{
    public ulong Id;
    public int Host;
    public int Locks;
    public int Waiters;
    public OwnerKind Kind;

    /// <summary>It was granted a lock in this life.</summary>
    public bool Held;

    public byte InlineLength;
    public HandleBytes Inline;

    public int Hash { get; set; }

    public int HashNext { get; set; }

    public int QueueNext { get; set; }

    public int QueuePrevious { get; set; }

    public int FreeNext
    {
        readonly get => QueueNext;
        set => QueueNext = value;
    }

    public readonly bool IsIdle => Locks == 0 && Waiters == 0;

    [InlineArray(OwnerTable.InlineHandle)]
    internal struct HandleBytes
    {
        private byte first;
    }
}

/// <summary>
/// Lock owners by (kind, host, id). One that holds nothing stays for a while, the oldest going first: its next lock allocates nothing,
/// and its UNLOCK in a grace period is known to be of this life.
/// </summary>
internal sealed class OwnerTable
{
    /// <summary>The longest oh, in bytes (netobj of NLM).</summary>
    public const int MaxHandle = 1024;

    /// <summary>Linux sends "pid@node name".</summary>
    public const int InlineHandle = 40;

    private const byte Overflow = byte.MaxValue;
    private readonly ServerState state;
    private readonly Slab<OwnerRecord> slab;
    private readonly HashIndex<OwnerRecord> index;
    private readonly SlabQueue<OwnerRecord> idle;
    private readonly Dictionary<int, byte[]> longHandles = [];

    public OwnerTable(ServerState state)
    {
        this.state = state;
        slab = new Slab<OwnerRecord>(state.Options.MaxOwners);
        index = new HashIndex<OwnerRecord>(slab);
        idle = new SlabQueue<OwnerRecord>(slab);
    }

    public int Count => slab.Count;

    public ref OwnerRecord this[int owner] => ref slab[owner];

    public int Find(int host, OwnerKind kind, ulong id)
    {
        int at = index.First(HashOf(host, kind, id));
        while (at != 0)
        {
            ref var owner = ref slab[at];
            if (owner.Id == id && owner.Host == host && owner.Kind == kind)
                break;
            at = owner.HashNext;
        }
        return at;
    }

    /// <summary>0 when the bound is reached. A new owner is idle: <see cref="Adjust"/> counts what it holds.</summary>
    public int FindOrAdd(Clients.Host host, OwnerKind kind, ulong id, ReadOnlySpan<byte> handle)
    {
        int found = Find(host.Index, kind, id);
        if (found == 0)
        {
            if (slab.Available == 0)
                DropIdle(16);
            if (slab.Available == 0)
                return 0;
            found = slab.Take();
            ref var owner = ref slab[found];
            owner.Host = host.Index;
            owner.Kind = kind;
            owner.Id = id;
            index.Add(found, HashOf(host.Index, kind, id));
            host.Owners++;
            idle.Push(found);
        }
        SetHandle(found, handle);
        return found;
    }

    public ReadOnlySpan<byte> HandleOf(int owner)
    {
        ref var record = ref slab[owner];
        return record.InlineLength == Overflow ? longHandles[owner] : ((ReadOnlySpan<byte>)record.Inline)[..record.InlineLength];
    }

    /// <summary>Counts a lock or a waiter in or out and keeps the order in which idle owners go.</summary>
    public void Adjust(int owner, int locks, int waiters)
    {
        ref var record = ref slab[owner];
        bool was = record.IsIdle;
        record.Locks += locks;
        record.Waiters += waiters;
        if (was == record.IsIdle)
            return;
        if (was)
        {
            idle.Remove(owner);
            return;
        }
        idle.Push(owner);
        if (idle.Count > state.Options.IdleOwners)
            DropIdle(1);
    }

    public void DropIdle(int count)
    {
        for (; count > 0 && idle.First != 0; count--)
        {
            int owner = idle.First;
            ref var record = ref slab[owner];
            idle.Remove(owner);
            state.Hosts.HostAt(record.Host).Owners--;
            longHandles.Remove(owner);
            index.Remove(owner);
            slab.Give(owner);
        }
    }

    private void SetHandle(int owner, ReadOnlySpan<byte> handle)
    {
        ref var record = ref slab[owner];
        if (HandleOf(owner).SequenceEqual(handle))
            return;
        if (record.InlineLength == Overflow)
            longHandles.Remove(owner);
        if (handle.Length > InlineHandle)
        {
            record.InlineLength = Overflow;
            longHandles[owner] = handle[..Math.Min(handle.Length, MaxHandle)].ToArray();
            return;
        }
        record.InlineLength = (byte)handle.Length;
        handle.CopyTo(record.Inline);
    }

    private static int HashOf(int host, OwnerKind kind, ulong id) => HashCode.Combine(host, (int)kind, id);
}
