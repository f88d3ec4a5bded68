namespace NfsdCtl.State.Grace;

/// <summary>What a request wants, as far as grace windows care (admin-files: "what each request gets").</summary>
public enum RequestKind : byte
{
    /// <summary>NLM LOCK with reclaim.</summary>
    ReclaimLock,

    /// <summary>NLM SHARE with reclaim: no record is asked for, as shares are not monitored.</summary>
    ReclaimShare,

    /// <summary>NLM LOCK, NM_LOCK, TEST, SHARE.</summary>
    NewLock,

    /// <summary>NLM UNLOCK, UNSHARE, CANCEL by an owner that holds nothing of this life.</summary>
    UnlockUnknown,

    /// <summary>NLM UNLOCK, UNSHARE, CANCEL by an owner that reclaimed or took a lock in this life.</summary>
    UnlockKnown,

    /// <summary>NFSv4 OPEN CLAIM_PREVIOUS, LOCK with reclaim.</summary>
    Nfs4Reclaim,

    /// <summary>NFSv4 OPEN, LOCK, LOCKT, REMOVE, RENAME, I/O under a special stateid.</summary>
    Nfs4New,

    /// <summary>NFSv4 I/O with a valid stateid, CLOSE, LOCKU, LOOKUP; all NFSv3 I/O.</summary>
    Io,
}

/// <summary>The answer of <see cref="GraceTable.Admit"/>.</summary>
public enum Admission : byte
{
    /// <summary>No window concerns it.</summary>
    Normal,

    /// <summary>A reclaim of a known client.</summary>
    Reclaim,

    /// <summary>A reclaim of a client of which no record came along; granted, with a warning.</summary>
    ReclaimUnrecorded,

    /// <summary>Not during the grace period.</summary>
    Grace,

    /// <summary>A reclaim through another address, or by a client that is not known or forfeited its right.</summary>
    NotReclaimable,

    /// <summary>A reclaim and no window.</summary>
    NoGrace,
}

/// <summary>Whose reclaims: the boot grace can be ended for each kind by itself, as the kernel's two lock managers end theirs.</summary>
[Flags]
public enum Reclaimers : byte
{
    None,
    Nlm = 1,
    Nfs4 = 2,
    All = Nlm | Nfs4,
}

/// <summary>What all windows together say of one scope.</summary>
/// <param name="InGrace">New locks on the filesystem are refused, through whatever address.</param>
/// <param name="Reclaims">For whom a window is open for this address: who of them may reclaim is admitted.</param>
/// <param name="Anyone">No record came along with it.</param>
/// <param name="Opening">A window for this address is on its way to the disk.</param>
/// <param name="Elsewhere">A window is there for another address only.</param>
internal readonly record struct Verdict(bool InGrace, Reclaimers Reclaims, bool Anyone, bool Opening, bool Elsewhere);
