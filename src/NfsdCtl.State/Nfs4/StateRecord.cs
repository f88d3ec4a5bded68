using NfsdCtl.State.Shares;

namespace NfsdCtl.State.Nfs4;

/// <summary>Why a stateid stands for nothing any more.</summary>
internal enum Revocation : byte
{
    None,

    /// <summary>An administrator released it.</summary>
    Admin,

    /// <summary>The lease ran out, and somebody else wanted what it held.</summary>
    Expired,
}

/// <summary>What a stateid stands for.</summary>
public enum StateKind : byte
{
    Open,
    Lock,
}

/// <summary>
/// What a stateid stands for: an open (open owner and file) or a lock state (lock owner and file, under an open). It is in a list of its
/// owner, of its seat (of its client once it is revoked), and of its file (opens) or its open (lock states).
/// </summary>
internal struct StateRecord : IHashed
{
    public uint Number;
    public uint Sequence;
    public int Client;
    public int Owner;

    /// <summary>0 once it is revoked or closed.</summary>
    public int File;
    public int Seat;

    /// <summary>The open that a lock state is under.</summary>
    public int Open;

    /// <summary>The number of that open, which outlives it.</summary>
    public uint Under;
    public int FirstLock;
    public int PeerNext;
    public int PeerPrevious;
    public int OwnerNext;
    public int OwnerPrevious;
    public int SeatNext;
    public int SeatPrevious;

    /// <summary>The chain by owner and file.</summary>
    public int KeyHash;
    public int KeyNext;

    /// <summary>Seconds after the start of the state.</summary>
    public uint Began;

    /// <summary>Each pair of access and deny that was opened: bit 4 * access + deny.</summary>
    public ushort Pairs;
    public StateKind Kind;
    public ShareAccess Access;
    public ShareDeny Deny;
    public Revocation Revoked;

    /// <summary>A revoked open whose loss the client has acknowledged by freeing a lock state under it.</summary>
    public bool Acknowledged;

    /// <summary>Minor version 0: closed, and kept for a retransmission.</summary>
    public bool Closed;

    public int Hash { get; set; }

    public int HashNext { get; set; }

    public int FreeNext
    {
        readonly get => PeerNext;
        set => PeerNext = value;
    }
}

/// <summary>Finds states by owner and file (lock states: and open), by chains through the slab beside those by number.</summary>
internal sealed class OwnedIndex(Slab<StateRecord> slab)
{
    private int[] buckets = new int[1024];
    private int count;

    /// <param name="under">The open that a lock state is under; 0 for an open.</param>
    public int Find(int owner, int file, int under)
    {
        int at = buckets[HashOf(owner, file) & (buckets.Length - 1)];
        while (at != 0)
        {
            ref var found = ref slab[at];
            if (found.Owner == owner && found.File == file && found.Open == under)
                break;
            at = found.KeyNext;
        }
        return at;
    }

    public void Add(int index)
    {
        if (++count > buckets.Length)
            Grow();
        ref var added = ref slab[index];
        added.KeyHash = HashOf(added.Owner, added.File);
        Link(index);
    }

    public void Remove(int index)
    {
        count--;
        ref int at = ref buckets[slab[index].KeyHash & (buckets.Length - 1)];
        while (at != index)
            at = ref slab[at].KeyNext;
        at = slab[index].KeyNext;
    }

    private void Link(int index)
    {
        ref var linked = ref slab[index];
        ref int bucket = ref buckets[linked.KeyHash & (buckets.Length - 1)];
        linked.KeyNext = bucket;
        bucket = index;
    }

    private void Grow()
    {
        int[] old = buckets;
        buckets = new int[old.Length * 2];
        foreach (int head in old)
        {
            for (int at = head; at != 0;)
            {
                int next = slab[at].KeyNext;
                Link(at);
                at = next;
            }
        }
    }

    private static int HashOf(int owner, int file) => HashCode.Combine(owner, file);
}
