using NfsdCtl.State.Locks;

namespace NfsdCtl.State.Nfs4;

/// <summary>LOCK (RFC 8881 §18.10), LOCKT.</summary>
public ref struct Nfs4LockRequest
{
    /// <summary>The client of the session; null in minor version 0.</summary>
    public Nfs4Client? Client;
    public NetAddress Server;
    public FileKey File;

    /// <summary>The open stateid with a new lock owner, else the lock stateid. Not for LOCKT.</summary>
    public StateId StateId;

    /// <summary>new_lock_owner: <see cref="StateId"/> is an open's, and <see cref="Owner"/> names the lock owner.</summary>
    public bool NewOwner;

    /// <summary>lock_owner4.owner, at most 1024 bytes; with <see cref="NewOwner"/> and for LOCKT.</summary>
    public ReadOnlySpan<byte> Owner;

    /// <summary>lock_owner4.clientid; minor version 0 only, where it has to be that of the open.</summary>
    public ulong OwnerClientId;

    /// <summary>lock_seqid with <see cref="NewOwner"/>, minor version 0 only.</summary>
    public uint LockSeqid;

    public LockRange Range;
    public LockKind Kind;

    /// <summary>READW_LT, WRITEW_LT: the client will come again, and is kept in line.</summary>
    public bool Block;
    public bool Reclaim;

    /// <summary>The lock must also be had from the kernel, for local programs: see <see cref="Nfs4Status.Tentative"/>.</summary>
    public bool LocalLocks;

    /// <summary>The NFS handle that the client used, at most 128 bytes: CB_NOTIFY_LOCK repeats it.</summary>
    public ReadOnlySpan<byte> Handle;

    /// <summary>Filled with who is in the way when the answer is <see cref="Nfs4Status.Denied"/>.</summary>
    public LockHolder Holder;
}

/// <summary>What goes with the answer of <see cref="LockStates.Lock"/>.</summary>
public struct Nfs4LockTicket
{
    internal int State { get; set; }
    internal uint Number { get; set; }

    /// <summary>The lock stateid.</summary>
    public StateId StateId { get; internal set; }

    /// <summary>With <see cref="Nfs4Status.Tentative"/>: the reservation.</summary>
    public long Reservation { get; internal set; }

    /// <summary>With <see cref="Nfs4Status.NeedsRecord"/>.</summary>
    public RecordNeed Need { get; internal set; }

    /// <summary>A reclaim was granted although no record came along: worth a warning in the log.</summary>
    public bool Unrecorded { get; internal set; }
}

/// <summary>Byte-range locks under stateids, on the one table of locks.</summary>
public sealed partial class LockStates
{
    private readonly ServerState state;
    private readonly Nfs4State nfs4;

    internal LockStates(ServerState state, Nfs4State nfs4)
    {
        this.state = state;
        this.nfs4 = nfs4;
    }

    /// <summary>
    /// LOCK. Statuses: Ok, Tentative, Denied (the holder is filled; with <see cref="Nfs4LockRequest.Block"/> it stands in line, and an effect
    /// NotifyLock may follow), Deadlock, Grace, NoGrace, ReclaimBad, OpenMode, BadStateId, OldStateId, StaleStateId, Expired, AdminRevoked,
    /// BadSeqId, Invalid, Resource, NeedsRecord.
    /// </summary>
    public Nfs4Status Lock(in GateScope gate, in Nfs4LockRequest request, out Nfs4LockTicket ticket) => throw new NotImplementedException();

    /// <summary>
    /// After <see cref="Nfs4Status.Tentative"/>: the kernel granted the lock for local programs, or a local program is in the way. Statuses: Ok, Denied,
    /// AdminRevoked (released meanwhile: the kernel's lock is to be given back).
    /// </summary>
    public Nfs4Status Decide(in GateScope gate, ref Nfs4LockTicket ticket, bool taken) => throw new NotImplementedException();

    /// <summary>LOCKT. Statuses: Ok, Denied, Grace.</summary>
    public Nfs4Status Test(in GateScope gate, in Nfs4LockRequest request) => throw new NotImplementedException();

    /// <summary>LOCKU. Statuses: Ok, BadStateId, OldStateId, StaleStateId, Expired, AdminRevoked, Resource.</summary>
    public Nfs4Status Unlock(in GateScope gate, in StateCall call, LockRange range, out StateId result) => throw new NotImplementedException();

    /// <summary>RELEASE_LOCKOWNER of minor version 0. Statuses: Ok, LocksHeld.</summary>
    public Nfs4Status ReleaseOwner(in GateScope gate, Nfs4Client client, ReadOnlySpan<byte> owner) => throw new NotImplementedException();
}
