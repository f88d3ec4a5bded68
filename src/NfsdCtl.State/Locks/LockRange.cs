namespace NfsdCtl.State.Locks;

/// <summary>A range of bytes, both ends included; <see cref="End"/> = 2^64-1 reaches to the end of any file.</summary>
public readonly record struct LockRange(ulong Start, ulong End)
{
    public const ulong ToEof = ulong.MaxValue;

    public static LockRange All => new(0, ToEof);

    /// <summary>
    /// From a protocol's offset and length; length 0 means to the end of the file (XNFS nlm_lock, fcntl). False when the last byte
    /// has no 64-bit offset: NLM4_FBIG, NFS4ERR_INVAL.
    /// </summary>
    public static bool TryFrom(ulong offset, ulong length, out LockRange range)
    {
        bool fits = length <= ulong.MaxValue - offset || length - 1 == ulong.MaxValue - offset;
        range = new LockRange(offset, length == 0 || !fits ? ToEof : offset + (length - 1));
        return fits;
    }

    /// <summary>The length as protocols spell it: 0 to the end of the file.</summary>
    public ulong Length => End == ToEof ? 0 : End - Start + 1;

    public bool Overlaps(LockRange other) => Start <= other.End && other.Start <= End;

    /// <summary>The smallest range that has both inside.</summary>
    public LockRange Union(LockRange other) => new(Math.Min(Start, other.Start), Math.Max(End, other.End));

    public LockRange Intersection(LockRange other) => new(Math.Max(Start, other.Start), Math.Min(End, other.End));

    public bool Contains(LockRange other) => Start <= other.Start && other.End <= End;
}

public enum LockKind : byte
{
    /// <summary>Shared: conflicts with write locks of other owners.</summary>
    Read,

    /// <summary>Exclusive: conflicts with every lock of other owners.</summary>
    Write,
}

/// <summary>Which protocol a lock owner belongs to. Owners of different kinds are never the same owner.</summary>
public enum OwnerKind : byte
{
    /// <summary>NLM: the id is the svid.</summary>
    Nlm,

    /// <summary>NFSv4 lock_owner4: the id is the index of its record.</summary>
    Nfs4,
}
