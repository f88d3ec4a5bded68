using NfsdCtl.State.Clients;
using NfsdCtl.State.Locks;
using NfsdCtl.State.Shares;

namespace NfsdCtl.State.Nfs4;

/// <summary>LOCK (RFC 8881 §18.10), LOCKT.</summary>
public ref struct Nfs4LockRequest
{
    /// <summary>The client of the session; in minor version 0 null for LOCK, and for LOCKT the one that <see cref="ClientIds.Find"/> gave.</summary>
    public Nfs4Client? Client;
    public NetAddress Server;
    public FileKey File;

    /// <summary>The open stateid with a new lock owner, else the lock stateid. Not for LOCKT.</summary>
    public StateId StateId;

    /// <summary>new_lock_owner: <see cref="StateId"/> is an open's, and <see cref="Owner"/> names the lock owner.</summary>
    public bool NewOwner;

    /// <summary>lock_owner4.owner, at most 1024 bytes; with <see cref="NewOwner"/> and for LOCKT.</summary>
    public ReadOnlySpan<byte> Owner;

    /// <summary>lock_owner4.clientid; looked at in minor version 0 only, where it has to be that of the open.</summary>
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

    /// <summary>The NFS handle that the client used, at most 64 bytes: CB_NOTIFY_LOCK repeats it.</summary>
    public ReadOnlySpan<byte> Handle;

    /// <summary>Filled with who is in the way when the answer is <see cref="Nfs4Status.Denied"/>.</summary>
    public LockHolder? Holder;
}

/// <summary>What goes with the answer of <see cref="LockStates.Lock"/>.</summary>
public struct Nfs4LockTicket
{
    /// <summary>The open under which, and the owner for whom, the lock is reserved.</summary>
    internal StateId Open { get; set; }

    internal int Owner { get; set; }

    internal uint LockSeqid { get; set; }

    internal bool NewOwner { get; set; }

    internal Nfs4Client? Client { get; set; }

    /// <summary>The lock stateid.</summary>
    public StateId StateId { get; internal set; }

    /// <summary>With <see cref="Nfs4Status.Tentative"/>: the reservation.</summary>
    public long Reservation { get; internal set; }

    /// <summary>With <see cref="Nfs4Status.NeedsRecord"/>.</summary>
    public RecordNeed Need { get; internal set; }

    /// <summary>A reclaim was granted although no record came along: worth a warning in the log.</summary>
    public bool Unrecorded { get; internal set; }
}

/// <summary>All that CB_NOTIFY_LOCK needs (RFC 8881 §20.11); filled in place and reused.</summary>
public sealed class LockNotice
{
    private readonly byte[] handle = new byte[LockTable.MaxNfsHandle];
    private readonly byte[] owner = new byte[StateOwners.MaxName];
    private int handleLength;
    private int ownerLength;

    /// <summary>A session of the client that has a connection for call-backs.</summary>
    public Nfs4Session Session { get; internal set; } = null!;

    /// <summary>cnla_fh.</summary>
    public ReadOnlySpan<byte> Handle => handle.AsSpan(0, handleLength);

    /// <summary>cnla_lock_owner.owner.</summary>
    public ReadOnlySpan<byte> Owner => owner.AsSpan(0, ownerLength);

    internal void Set(ReadOnlySpan<byte> nfsHandle, ReadOnlySpan<byte> lockOwner)
    {
        nfsHandle.CopyTo(handle);
        handleLength = nfsHandle.Length;
        lockOwner.CopyTo(owner);
        ownerLength = lockOwner.Length;
    }
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
    /// NotifyLock may follow), Deadlock, Grace, NoGrace, ReclaimBad, OpenMode, BadStateId, OldStateId, StaleStateId, StaleClientId, Expired,
    /// AdminRevoked, BadSeqId, Resource, NeedsRecord.
    /// </summary>
    public Nfs4Status Lock(in GateScope gate, in Nfs4LockRequest request, out Nfs4LockTicket ticket)
    {
        ticket = default;
        var status = FindOpen(request, out int open, out int owner);
        if (status != Nfs4Status.Ok)
            return status;
        var client = nfs4.Clients.At(nfs4.States[open].Client);
        var seat = state.Hosts.SeatAt(nfs4.States[open].Seat);
        status = nfs4.Opens.Admit(client, seat.Entry, request.Reclaim, out bool unrecorded);
        if (status != Nfs4Status.Ok)
            return status;
        if (owner == 0)
            owner = nfs4.Owners.FindOrAdd(client, StateKind.Lock, request.Owner);
        if (owner == 0 || !nfs4.States.HasRoom(client))
        {
            if (owner != 0)
                nfs4.Owners.Settle(owner);
            return Nfs4Status.Resource;
        }
        ticket.Unrecorded = unrecorded;
        ticket.Client = client;
        ticket.Open = nfs4.States.IdOf(open);
        ticket.Owner = owner;
        ticket.NewOwner = request.NewOwner;
        ticket.LockSeqid = request.LockSeqid;
        var wanted = Wanted(request, owner, client);
        nfs4.Owners.Pin(owner);
        var inner = default(LockTicket);
        var outcome = state.Locks.LockOn(gate, seat, wanted, ref inner);
        ticket.Need = inner.Need;
        ticket.Reservation = inner.Id;
        status = outcome == LockOutcome.Granted ? Granted(ref ticket, open) : StatusOf(outcome);
        nfs4.Owners.Unpin(owner);
        return status;
    }

    /// <summary>
    /// After <see cref="Nfs4Status.Tentative"/>: the kernel granted the lock for local programs, or a local program is in the way. Statuses: Ok, Denied
    /// (no holder is known), AdminRevoked (released meanwhile: the kernel's lock is to be given back), BadStateId (closed meanwhile, the same).
    /// </summary>
    public Nfs4Status Decide(in GateScope gate, ref Nfs4LockTicket ticket, bool taken)
    {
        var client = ticket.Client!;
        var status = nfs4.States.Locate(client.MinorVersion == 0 ? null : client, client.Server, ticket.Open, out int open);
        bool stands = taken && status == Nfs4Status.Ok && nfs4.States[open].Seat != 0 && state.Locks.IsAsking(ticket.Reservation);
        if (!stands)
        {
            state.Locks.WithdrawLocal(gate, ticket.Reservation);
            return !taken ? Nfs4Status.Denied : status == Nfs4Status.Ok ? Nfs4Status.BadStateId : status;
        }
        // The reservation keeps the owner; it goes when it becomes a lock.
        nfs4.Owners.Pin(ticket.Owner);
        state.Locks.ConfirmLocal(gate, ticket.Reservation);
        status = Granted(ref ticket, open);
        nfs4.Owners.Unpin(ticket.Owner);
        return status;
    }

    /// <summary>LOCKT. Statuses: Ok, Denied, Grace, Expired, DeadSession.</summary>
    public Nfs4Status Test(in GateScope gate, in Nfs4LockRequest request)
    {
        var client = request.Client!;
        if (Opens.Gone(client) is { } gone)
            return gone;
        int owner = nfs4.Owners.Find(client, StateKind.Lock, request.Owner);
        var wanted = Wanted(request, owner, client);
        return StatusOf(state.Locks.TestOn(gate, client.Host, wanted));
    }

    /// <summary>LOCKU. Statuses: Ok, BadStateId, OldStateId, StaleStateId, Expired, AdminRevoked, Resource.</summary>
    public Nfs4Status Unlock(in GateScope gate, in StateCall call, LockRange range, out StateId result)
    {
        result = default;
        var status = nfs4.States.Resolve(call.Client, call.Server, call.StateId, out int at);
        if (status != Nfs4Status.Ok)
            return status;
        ref var held = ref nfs4.States[at];
        if (held.Kind != StateKind.Lock || state.Locks.Files[held.File].Key != call.File)
            return Nfs4Status.BadStateId;
        if (!UnlockRange(gate, at, range))
            return Nfs4Status.Resource;
        result = nfs4.States.Bump(at);
        return Nfs4Status.Ok;
    }

    /// <summary>RELEASE_LOCKOWNER of minor version 0. Statuses: Ok, LocksHeld, Expired.</summary>
    public Nfs4Status ReleaseOwner(in GateScope gate, Nfs4Client client, ReadOnlySpan<byte> owner)
    {
        if (Opens.Gone(client) is { } gone)
            return gone;
        int found = nfs4.Owners.Find(client, StateKind.Lock, owner);
        if (found == 0)
            return Nfs4Status.Ok;
        for (int at = nfs4.Owners[found].FirstState; at != 0; at = nfs4.States[at].OwnerNext)
        {
            if (nfs4.States.RevocationOf(at) == Revocation.None && HoldsAny(at))
                return Nfs4Status.LocksHeld;
        }
        ulong life = nfs4.Owners[found].Life;
        while (nfs4.Owners[found].Life == life && nfs4.Owners[found].FirstState is not 0 and var at)
        {
            if (nfs4.States[at].Seat == 0)
                nfs4.States.Free(at);
            else
                nfs4.States.Remove(at);
        }
        return Nfs4Status.Ok;
    }

    /// <summary>What to send for an effect NotifyLock; false when there is nothing to tell any more.</summary>
    public bool TryGetNotice(in GateScope gate, long id, LockNotice notice)
    {
        if (state.Locks.GrantingOrNull(id) is not { } waiter || waiter.Seat.Host.Nfs4 is not { } client)
            return false;
        if (client.Sessions.Find(s => s.HasBackChannel) is not { } session)
            return false;
        notice.Session = session;
        notice.Set(waiter.Handle, nfs4.Owners.NameOf((int)state.Locks.Owners[waiter.Owner].Id));
        return true;
    }

    /// <summary>Whether a lock state holds any range of its file.</summary>
    internal bool HoldsAny(int at)
    {
        ref var held = ref nfs4.States[at];
        var seat = state.Hosts.SeatAt(held.Seat);
        int owner = state.Locks.Owners.Find(seat.Host.Index, OwnerKind.Nfs4, (ulong)held.Owner);
        return owner != 0 && state.Locks.Owners[owner].Locks != 0 && state.Locks.Ranges.HoldsAny(held.File, owner, seat);
    }

    /// <summary>Gives back the locks under an open, and their stateids.</summary>
    internal void DropUnder(in GateScope gate, int open)
    {
        while (nfs4.States[open].FirstLock is not 0 and var at)
        {
            UnlockRange(gate, at, LockRange.All);
            nfs4.States.Remove(at);
        }
    }

    private bool UnlockRange(in GateScope gate, int at, LockRange range)
    {
        ref var held = ref nfs4.States[at];
        var seat = state.Hosts.SeatAt(held.Seat);
        int owner = state.Locks.Owners.Find(seat.Host.Index, OwnerKind.Nfs4, (ulong)held.Owner);
        return owner == 0 || state.Locks.UnlockOn(gate, held.File, owner, seat, range) == LockOutcome.Granted;
    }

    /// <summary>The open that a LOCK is under, and the lock owner as far as it is known.</summary>
    private Nfs4Status FindOpen(in Nfs4LockRequest request, out int open, out int owner)
    {
        owner = 0;
        var status = nfs4.States.Resolve(request.Client, request.Server, request.StateId, out open);
        if (status != Nfs4Status.Ok)
            return status;
        var kind = nfs4.States[open].Kind;
        if ((kind == StateKind.Open) != request.NewOwner || state.Locks.Files[nfs4.States[open].File].Key != request.File)
            return Nfs4Status.BadStateId;
        if (!request.NewOwner)
        {
            owner = nfs4.States[open].Owner;
            open = nfs4.States[open].Open;
        }
        else if (request.Client is null)
        {
            status = CheckOwner(request, open);
            if (status != Nfs4Status.Ok)
                return status;
        }
        var need = request.Kind == LockKind.Write ? ShareAccess.Write : ShareAccess.Read;
        return (nfs4.States[open].Access & need) == 0 ? Nfs4Status.OpenMode : Nfs4Status.Ok;
    }

    /// <summary>Minor version 0: the lock owner is of the same client, and its seqid goes on from where it is (RFC 7530 §16.10.5).</summary>
    private Nfs4Status CheckOwner(in Nfs4LockRequest request, int open)
    {
        var client = nfs4.Clients.At(nfs4.States[open].Client);
        if (request.OwnerClientId != client.Id)
            return request.OwnerClientId >> 32 != state.Options.Instance ? Nfs4Status.StaleClientId : Nfs4Status.BadStateId;
        int owner = nfs4.Owners.Find(client, StateKind.Lock, request.Owner);
        bool follows = owner == 0 || !nfs4.Owners[owner].Begun || nfs4.Owners[owner].Seqid + 1 == request.LockSeqid;
        return follows ? Nfs4Status.Ok : Nfs4Status.BadSeqId;
    }

    private LockRequest Wanted(in Nfs4LockRequest request, int owner, Nfs4Client client) => new()
    {
        OwnerKind = OwnerKind.Nfs4,
        OwnerId = (ulong)owner,
        OwnerHandle = owner == 0 ? default : nfs4.Owners.NameOf(owner),
        File = request.File,
        Range = request.Range,
        Kind = request.Kind,
        Reclaim = request.Reclaim,
        Block = request.Block && !request.Reclaim,
        LocalLocks = request.LocalLocks,
        Handle = request.Handle,
        ProtocolTag = client.MinorVersion,
        Holder = request.Holder,
    };

    /// <summary>The lock is held: its stateid, made where it is the first of this owner under this open.</summary>
    private Nfs4Status Granted(ref Nfs4LockTicket ticket, int open)
    {
        int at = nfs4.States.Find(ticket.Owner, nfs4.States[open].File, open);
        if (at == 0)
            at = nfs4.States.AddLock(open, ticket.Owner);
        if (ticket.NewOwner)
        {
            ref var owner = ref nfs4.Owners[ticket.Owner];
            owner.Seqid = ticket.LockSeqid;
            owner.Begun = true;
        }
        ticket.StateId = nfs4.States.Bump(at);
        return Nfs4Status.Ok;
    }

    private static Nfs4Status StatusOf(LockOutcome outcome) => outcome switch
    {
        LockOutcome.Granted => Nfs4Status.Ok,
        LockOutcome.Tentative => Nfs4Status.Tentative,
        LockOutcome.Denied or LockOutcome.Blocked => Nfs4Status.Denied,
        LockOutcome.Deadlock => Nfs4Status.Deadlock,
        LockOutcome.Grace => Nfs4Status.Grace,
        LockOutcome.NoGrace => Nfs4Status.NoGrace,
        LockOutcome.NotReclaimable => Nfs4Status.ReclaimBad,
        LockOutcome.NoResources => Nfs4Status.Resource,
        LockOutcome.NeedsRecord => Nfs4Status.NeedsRecord,
        LockOutcome.NotFound => Nfs4Status.BadStateId,
        _ => throw new ArgumentOutOfRangeException(nameof(outcome)),
    };
}
