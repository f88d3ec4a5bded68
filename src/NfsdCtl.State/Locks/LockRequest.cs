using NfsdCtl.State.Records;

namespace NfsdCtl.State.Locks;

/// <summary>A LOCK, UNLOCK, TEST or CANCEL, free of its protocol. Spans are copied as far as they are kept.</summary>
public ref struct LockRequest
{
    public Caller Caller;
    public OwnerKind OwnerKind;

    /// <summary>The svid (NLM); with the caller it is the lock owner.</summary>
    public ulong OwnerId;

    /// <summary>oh: kept for reports and for the holder of TEST, at most 1024 bytes; not part of the identity.</summary>
    public ReadOnlySpan<byte> OwnerHandle;

    public FileKey File;

    /// <summary>The export through which the file was reached, for unlock_export.</summary>
    public uint ExportTag;

    /// <summary>The state number of the client's status monitor (odd: up), as an NLM LOCK tells it; 0 when it is not known.</summary>
    public uint NsmState;

    public LockRange Range;
    public LockKind Kind;

    /// <summary>The client had this lock before the restart or the move.</summary>
    public bool Reclaim;

    /// <summary>Wait when it cannot be had now.</summary>
    public bool Block;

    /// <summary>NM_LOCK: no record is written, nobody is told of a restart, and the lock cannot be reclaimed.</summary>
    public bool Unmonitored;

    /// <summary>
    /// The lock must also be had from the kernel, for local programs: the answer is <see cref="LockOutcome.Tentative"/> where it
    /// would be granted.
    /// </summary>
    public bool LocalLocks;

    /// <summary>The NFS handle that the client used, at most 64 bytes: GRANTED repeats it.</summary>
    public ReadOnlySpan<byte> Handle;

    /// <summary>Anything that the protocol needs to send GRANTED (version, transport); opaque here.</summary>
    public uint ProtocolTag;

    /// <summary>When set, the holder is written here when the answer is <see cref="LockOutcome.Denied"/>.</summary>
    public LockHolder? Holder;
}

/// <summary>The answer to a lock request, free of its protocol.</summary>
public enum LockOutcome : byte
{
    /// <summary>Done: locked, unlocked, cancelled, or could be locked (TEST).</summary>
    Granted,

    /// <summary>
    /// Reserved under <see cref="LockTicket.Id"/>: take the kernel's lock, then <see cref="LockTable.ConfirmLocal"/> or
    /// <see cref="LockTable.WithdrawLocal"/>; nobody sees a lock before.
    /// </summary>
    Tentative,

    /// <summary>Another owner holds a conflicting lock, or waits for one and came first.</summary>
    Denied,

    /// <summary>It waits; an effect <see cref="EffectKind.GrantWaiter"/> follows.</summary>
    Blocked,

    /// <summary>Waiting would close a circle of waiting owners.</summary>
    Deadlock,

    /// <summary>Not during this grace period; also a reclaim where no window is open (DENIED_GRACE_PERIOD in NLM).</summary>
    Grace,

    /// <summary>This reclaim is refused for good: wrong address, unknown client, or others could have had the lock (DENIED_NOLOCKS).</summary>
    NotReclaimable,

    /// <summary>A reclaim, and no window is open for it (NLM: DENIED_GRACE_PERIOD; NFSv4: NO_GRACE).</summary>
    NoGrace,

    /// <summary>A bound was reached; nothing changed.</summary>
    NoResources,

    /// <summary>
    /// Write <see cref="LockTicket.Need"/> to the disk, report it by <see cref="Clients.ClientTable.Recorded"/> and ask again;
    /// nothing changed. When the disk refuses, the lock is to be refused.
    /// </summary>
    NeedsRecord,

    /// <summary>The client's machine started anew since it took what it had: that is released. Ask again once the effects are executed.</summary>
    Rebooted,

    /// <summary>There is no such waiter or reservation: cancelled, or released meanwhile by an administrator or a reboot.</summary>
    NotFound,
}

/// <summary>What goes with an outcome.</summary>
public struct LockTicket
{
    /// <summary>The waiter (<see cref="LockOutcome.Blocked"/>) or reservation (<see cref="LockOutcome.Tentative"/>).</summary>
    public long Id;

    /// <summary>With <see cref="LockOutcome.NeedsRecord"/>.</summary>
    public RecordNeed Need;

    /// <summary>A reclaim was granted although no record came along: worth a warning in the log.</summary>
    public bool Unrecorded;
}

/// <summary>A lock that stands in the way; filled in place and reused, one per thread.</summary>
public sealed class LockHolder
{
    private readonly byte[] handle = new byte[OwnerTable.MaxHandle];
    private int handleLength;

    public LockRange Range { get; internal set; }

    public LockKind Kind { get; internal set; }

    /// <summary>The svid of an NLM owner.</summary>
    public ulong OwnerId { get; internal set; }

    public OwnerKind OwnerKind { get; internal set; }

    public ClientName Client { get; internal set; }

    /// <summary>The client id of an NFSv4 owner; 0 for NLM.</summary>
    public ulong ClientId { get; internal set; }

    /// <summary>True when it does not hold the lock but waits for it and came first.</summary>
    public bool Waits { get; internal set; }

    /// <summary>oh.</summary>
    public ReadOnlySpan<byte> OwnerHandle => handle.AsSpan(0, handleLength);

    internal void SetHandle(ReadOnlySpan<byte> value)
    {
        handleLength = Math.Min(value.Length, handle.Length);
        value[..handleLength].CopyTo(handle);
    }
}

/// <summary>All that GRANTED needs; filled in place and reused.</summary>
public sealed class GrantCall
{
    private readonly byte[] handle = new byte[LockTable.MaxNfsHandle];
    private readonly byte[] owner = new byte[OwnerTable.MaxHandle];
    private int handleLength;
    private int ownerLength;

    public long Id { get; internal set; }

    public ClientName Client { get; internal set; }

    /// <summary>The address to send from: the one that the client used.</summary>
    public NetAddress Server { get; internal set; }

    public FileKey File { get; internal set; }

    public LockRange Range { get; internal set; }

    public LockKind Kind { get; internal set; }

    public ulong OwnerId { get; internal set; }

    public uint ProtocolTag { get; internal set; }

    public bool LocalLocks { get; internal set; }

    /// <summary>How often it was sent before.</summary>
    public int Attempt { get; internal set; }

    public ReadOnlySpan<byte> Handle => handle.AsSpan(0, handleLength);

    public ReadOnlySpan<byte> OwnerHandle => owner.AsSpan(0, ownerLength);

    internal void SetHandles(ReadOnlySpan<byte> nfsHandle, ReadOnlySpan<byte> ownerHandle)
    {
        nfsHandle.CopyTo(handle);
        handleLength = nfsHandle.Length;
        ownerHandle.CopyTo(owner);
        ownerLength = ownerHandle.Length;
    }
}

/// <summary>What became of a GRANTED.</summary>
public enum GrantAnswer : byte
{
    /// <summary>The client has its lock now.</summary>
    Accepted,

    /// <summary>The client does not want it (any more).</summary>
    Denied,

    /// <summary>The client is in its own grace period, or could not be reached: send again later.</summary>
    Retry,

    /// <summary>It was sent; the answer will come as GRANTED_RES.</summary>
    Sent,
}
