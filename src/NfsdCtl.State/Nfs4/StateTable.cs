using NfsdCtl.State.Clients;
using NfsdCtl.State.Grace;
using NfsdCtl.State.Shares;

namespace NfsdCtl.State.Nfs4;

/// <summary>What READ, WRITE, SETATTR (size), or an operation of minor version 2 wants to do under a stateid.</summary>
public ref struct IoRequest
{
    /// <summary>The client of the session; null in minor version 0, where the stateid alone says who it is.</summary>
    public Nfs4Client? Client;

    /// <summary>The local address of the call.</summary>
    public NetAddress Server;
    public StateId StateId;
    public FileKey File;

    /// <summary>Read, Write or both; None when the stateid is only to be a valid one.</summary>
    public ShareAccess Access;
}

/// <summary>
/// Stateids: finding, checking, testing and freeing them. What is revoked keeps its number until the client frees it, so that the client
/// learns what became of it (RFC 8881 §8.5); what a minor version 0 client is to be told is kept for a lease.
/// </summary>
public sealed partial class StateTable
{
    private readonly ServerState state;
    private readonly Nfs4State nfs4;
    private readonly Slab<StateRecord> slab;
    private readonly HashIndex<StateRecord> index;
    private readonly OwnedIndex owned;
    private uint lastNumber;

    internal StateTable(ServerState state, Nfs4State nfs4)
    {
        this.state = state;
        this.nfs4 = nfs4;
        slab = new Slab<StateRecord>(state.Options.MaxStates);
        index = new HashIndex<StateRecord>(slab);
        owned = new OwnedIndex(slab);
    }

    internal int Count => slab.Count;

    internal int End => slab.End;

    /// <summary>Opens that are held.</summary>
    internal long LiveOpens { get; private set; }

    internal ref StateRecord this[int at] => ref slab[at];

    /// <summary>
    /// May this be done under this stateid? Costs two look-ups, allocates nothing; renews the lease in minor version 0. A stateid of an open for
    /// writing allows reads too (RFC 8881 §9.1.2 leaves it to the server). Under special stateids deny modes are respected,
    /// NLM's as well, and grace. Statuses: Ok, BadStateId, OldStateId, StaleStateId, Expired, AdminRevoked, OpenMode, Locked, Grace.
    /// </summary>
    public Nfs4Status CheckIo(in GateScope gate, in IoRequest request)
    {
        if (request.StateId.IsAnonymous || request.StateId.IsReadBypass)
            return CheckSpecial(gate, request);
        var status = Resolve(request.Client, request.Server, request.StateId, out int at);
        if (status != Nfs4Status.Ok)
            return status;
        ref var found = ref slab[at];
        if (state.Locks.Files[found.File].Key != request.File)
            return Nfs4Status.BadStateId;
        var access = AccessOf(at);
        return (request.Access & ShareAccess.Write) != 0 && (access & ShareAccess.Write) == 0 ? Nfs4Status.OpenMode : Nfs4Status.Ok;
    }

    /// <summary>TEST_STATEID for one stateid. Statuses: Ok, BadStateId, OldStateId, Expired, AdminRevoked.</summary>
    public Nfs4Status Test(in GateScope gate, Nfs4Client client, in StateId stateId) => Resolve(client, client.Server, stateId, out _);

    /// <summary>FREE_STATEID. Statuses: Ok, BadStateId, OldStateId, LocksHeld.</summary>
    public Nfs4Status Free(in GateScope gate, Nfs4Client client, in StateId stateId)
    {
        var status = Resolve(client, client.Server, stateId, out int at);
        switch (status)
        {
            case Nfs4Status.Expired or Nfs4Status.AdminRevoked:
                if (slab[at].Revoked == Revocation.None)
                    Bury(at);
                Acknowledge(client, slab[at].Under);
                Free(at);
                return Nfs4Status.Ok;
            case Nfs4Status.Ok when slab[at].Kind == StateKind.Open || nfs4.Locks.HoldsAny(at):
                return Nfs4Status.LocksHeld;
            case Nfs4Status.Ok:
                Remove(at);
                return Nfs4Status.Ok;
            default:
                return status;
        }
    }

    /// <summary>
    /// Finds what a stateid stands for; with Expired and AdminRevoked too. Renews the lease in minor version 0.
    /// </summary>
    internal Nfs4Status Resolve(Nfs4Client? client, NetAddress server, in StateId id, out int at)
    {
        var status = Locate(client, server, id, out at);
        if (status != Nfs4Status.Ok)
            return status;
        ref var found = ref slab[at];
        if (found.Closed || !nfs4.Owners.IsUsable(found.Owner))
            return Nfs4Status.BadStateId;
        return id.Sequence == 0 && client is not null ? Nfs4Status.Ok : Compare(id.Sequence, found.Sequence);
    }

    /// <summary>The same without looking at the seqid, and for stateids of closed opens and unconfirmed owners as well.</summary>
    internal Nfs4Status Locate(Nfs4Client? client, NetAddress server, in StateId id, out int at)
    {
        at = 0;
        if (id.IsSpecial)
            return Nfs4Status.BadStateId;
        if (id.ClientId >> 32 != state.Options.Instance)
            return client is null ? Nfs4Status.StaleStateId : Nfs4Status.BadStateId;
        at = FindNumber(id.Number);
        if (at == 0)
            return client is null && nfs4.Clients.IsGone(id.ClientId) ? Nfs4Status.Expired : Nfs4Status.BadStateId;
        ref var found = ref slab[at];
        var owner = nfs4.Clients.At(found.Client);
        bool mine = client is null ? owner.MinorVersion == 0 && owner.Server == server : owner == client;
        if (!mine || owner.Id != id.ClientId)
            return Nfs4Status.BadStateId;
        if (owner.IsDead)
            return client is null ? Nfs4Status.Expired : Nfs4Status.BadStateId;
        if (client is null)
            owner.Renew(state.Now);
        return RevocationOf(at) switch
        {
            Revocation.Admin => Nfs4Status.AdminRevoked,
            Revocation.Expired => Nfs4Status.Expired,
            _ => Nfs4Status.Ok,
        };
    }

    internal Revocation RevocationOf(int at)
    {
        ref var found = ref slab[at];
        return found.Seat == 0 ? found.Revoked : state.Hosts.SeatAt(found.Seat).Revoked;
    }

    internal StateId IdOf(int at)
    {
        ref var found = ref slab[at];
        return new StateId(found.Sequence, nfs4.Clients.At(found.Client).Id, found.Number);
    }

    /// <summary>The stateid after a change: its seqid grows, past 0 (RFC 8881 §8.2.2).</summary>
    internal StateId Bump(int at)
    {
        ref var found = ref slab[at];
        if (++found.Sequence == 0)
            found.Sequence = 1;
        return IdOf(at);
    }

    /// <summary>The shares that I/O under this state may use.</summary>
    internal ShareAccess AccessOf(int at)
    {
        ref var found = ref slab[at];
        return found.Kind == StateKind.Open ? found.Access : slab[found.Open].Access;
    }

    /// <summary>
    /// The live state of an owner on a file, or 0: there is one of an open owner, and one of a lock owner under each open, as in the kernel's server
    /// (nfsd4_lock, find_lock_stateid).
    /// </summary>
    /// <param name="under">The open that a lock state is under; 0 for an open.</param>
    internal int Find(int owner, int file, int under = 0)
    {
        int at = owned.Find(owner, file, under);
        if (at == 0 || !state.Hosts.SeatAt(slab[at].Seat).Dead)
            return at;
        Bury(at);
        return 0;
    }

    /// <summary>The number of a new stateid: nothing else has it.</summary>
    internal uint TakeNumber()
    {
        do
            lastNumber++;
        while (lastNumber is 0 or uint.MaxValue || FindNumber(lastNumber) != 0 || nfs4.Offloads.Has(lastNumber));
        return lastNumber;
    }

    internal bool HasRoom(Nfs4Client client) => slab.Available != 0 && client.States < state.Options.MaxStatesPerClient;

    /// <summary>A new open, with no share yet. The caller has asked for <see cref="HasRoom"/>.</summary>
    internal int AddOpen(Nfs4Client client, int owner, int file, Seat seat)
    {
        int at = Add(StateKind.Open, client, owner, file, seat);
        ref var open = ref slab[at];
        ref var record = ref state.Locks.Files[file];
        open.PeerNext = record.FirstOpen;
        if (record.FirstOpen != 0)
            slab[record.FirstOpen].PeerPrevious = at;
        record.FirstOpen = at;
        record.Held = true;
        seat.Opens++;
        seat.Entry.Hold(1);
        client.Opens++;
        LiveOpens++;
        return at;
    }

    /// <summary>A new lock state under an open. The caller has asked for <see cref="HasRoom"/>.</summary>
    internal int AddLock(int under, int owner)
    {
        int file = slab[under].File;
        int at = Add(StateKind.Lock, nfs4.Clients.At(slab[under].Client), owner, file, state.Hosts.SeatAt(slab[under].Seat));
        ref var added = ref slab[at];
        ref var open = ref slab[under];
        added.Open = under;
        added.Under = open.Number;
        added.PeerNext = open.FirstLock;
        if (open.FirstLock != 0)
            slab[open.FirstLock].PeerPrevious = at;
        open.FirstLock = at;
        return at;
    }

    internal void SetShare(int at, ShareAccess access, ShareDeny deny)
    {
        ref var open = ref slab[at];
        ref var counts = ref state.Locks.Files[open.File].Opens;
        counts.Add(open.Access, open.Deny, -1);
        counts.Add(access, deny, 1);
        open.Access = access;
        open.Deny = deny;
    }

    /// <summary>Takes out what is live: nothing of it stays.</summary>
    internal void Remove(int at)
    {
        Detach(at);
        Free(at);
    }

    /// <summary>Minor version 0: a closed open is nothing any more but its number, by which a retransmission finds the owner.</summary>
    internal void CloseButKeep(int at)
    {
        Detach(at);
        slab[at].Closed = true;
    }

    /// <summary>
    /// A state whose seat is dead leaves its file and its seat. It stays as a number until the client frees it.
    /// </summary>
    internal void Bury(int at)
    {
        ref var dead = ref slab[at];
        var seat = state.Hosts.SeatAt(dead.Seat);
        var client = nfs4.Clients.At(dead.Client);
        if (dead.Kind == StateKind.Open)
            state.Releases.Mark(dead.File, seat, dead.Access, dead.Deny);
        Detach(at);
        dead.Revoked = seat.Revoked;
        dead.SeatNext = client.FirstTombstone;
        dead.SeatPrevious = 0;
        if (client.FirstTombstone != 0)
            slab[client.FirstTombstone].SeatPrevious = at;
        client.FirstTombstone = at;
    }

    /// <summary>Takes out what has left its file and its seat already.</summary>
    internal void Free(int at)
    {
        ref var gone = ref slab[at];
        var client = nfs4.Clients.At(gone.Client);
        if (gone.Revoked != Revocation.None)
        {
            UnlinkTombstone(client, at);
            client.NoteRevoked(gone.Revoked, -1, gone.Kind == StateKind.Open && !gone.Acknowledged ? -1 : 0);
        }
        int owner = gone.Owner;
        nfs4.Owners.StateLeaves(owner, ref gone);
        index.Remove(at);
        slab.Give(at);
        client.States--;
        nfs4.Owners.Settle(owner);
    }

    /// <summary>The seat's life is over: its states are revoked from this moment.</summary>
    internal void ReleaseSeat(Seat seat)
    {
        LiveOpens -= seat.Opens;
        if (seat.States != 0 && seat.Host.Nfs4 is { } client)
        {
            client.Opens -= (int)seat.Opens;
            client.NoteRevoked(seat.Revoked, seat.States, seat.Opens);
            client.RevokedAt = state.Now;
        }
    }

    /// <summary>
    /// A client that freed a lock state knows that the open above it is lost too. A Linux client whose process ended meanwhile says no more than that, and
    /// for as long as it is told of a loss it looks after all of its opens at each request (nfs41_handle_some_state_revoked).
    /// </summary>
    private void Acknowledge(Nfs4Client client, uint number)
    {
        int at = number == 0 ? 0 : FindNumber(number);
        if (at == 0 || slab[at].Client != client.Index || RevocationOf(at) == Revocation.None)
            return;
        if (slab[at].Revoked == Revocation.None)
            Bury(at);
        ref var open = ref slab[at];
        if (open.Acknowledged)
            return;
        open.Acknowledged = true;
        client.NoteRevoked(open.Revoked, 0, -1);
    }

    private static Nfs4Status Compare(uint given, uint current) =>
        given == current ? Nfs4Status.Ok : (int)(given - current) > 0 ? Nfs4Status.BadStateId : Nfs4Status.OldStateId;

    private Nfs4Status CheckSpecial(in GateScope gate, in IoRequest request)
    {
        if (request.Access == ShareAccess.None)
            return Nfs4Status.Ok;
        var scope = new Scope(request.Server, request.File.FileSystem);
        if (state.Grace.Admit(state.Hosts.ScopeOf(scope), null, RequestKind.Nfs4New) == Admission.Grace)
            return Nfs4Status.Grace;
        // READ under all ones passes deny modes; WRITE under it is as under all zeros (RFC 8881 §8.2.3).
        if (request.StateId.IsReadBypass && (request.Access & ShareAccess.Write) == 0)
            return Nfs4Status.Ok;
        return nfs4.Opens.CheckDenied(gate, request.File, request.Access);
    }

    private int FindNumber(uint number)
    {
        int at = index.First(HashOf(number));
        while (at != 0 && slab[at].Number != number)
            at = slab[at].HashNext;
        return at;
    }

    private int Add(StateKind kind, Nfs4Client client, int owner, int file, Seat seat)
    {
        uint number = TakeNumber();
        int at = slab.Take();
        ref var added = ref slab[at];
        added.Number = number;
        added.Kind = kind;
        added.Client = client.Index;
        added.Owner = owner;
        added.File = file;
        added.Seat = seat.Index;
        added.Began = (uint)state.Since(state.Started).TotalSeconds;
        index.Add(at, HashOf(number));
        owned.Add(at);
        added.SeatNext = seat.FirstState;
        if (seat.FirstState != 0)
            slab[seat.FirstState].SeatPrevious = at;
        seat.FirstState = at;
        seat.States++;
        client.States++;
        nfs4.Owners.StateCame(owner, at);
        return at;
    }

    /// <summary>Out of its seat, its file, its open; lock states under it lose their open.</summary>
    private void Detach(int at)
    {
        ref var leaving = ref slab[at];
        var seat = state.Hosts.SeatAt(leaving.Seat);
        if (leaving.SeatPrevious == 0)
            seat.FirstState = leaving.SeatNext;
        else
            slab[leaving.SeatPrevious].SeatNext = leaving.SeatNext;
        if (leaving.SeatNext != 0)
            slab[leaving.SeatNext].SeatPrevious = leaving.SeatPrevious;
        seat.States--;
        owned.Remove(at);
        int file = leaving.File;
        if (leaving.Kind == StateKind.Open)
            DetachOpen(at, seat);
        else if (leaving.Open != 0)
            UnlinkPeer(at, ref slab[leaving.Open].FirstLock);
        leaving.SeatNext = leaving.SeatPrevious = leaving.PeerNext = leaving.PeerPrevious = 0;
        leaving.File = leaving.Seat = leaving.Open = 0;
        state.Locks.Files.FreeIfIdle(file);
    }

    private void DetachOpen(int at, Seat seat)
    {
        ref var open = ref slab[at];
        ref var file = ref state.Locks.Files[open.File];
        file.Opens.Add(open.Access, open.Deny, -1);
        UnlinkPeer(at, ref file.FirstOpen);
        for (int under = open.FirstLock; under != 0; under = slab[under].PeerNext)
            slab[under].Open = 0;
        open.FirstLock = 0;
        seat.Opens--;
        if (seat.Dead)
            return;
        seat.Entry.Hold(-1);
        nfs4.Clients.At(open.Client).Opens--;
        LiveOpens--;
    }

    private void UnlinkPeer(int at, ref int first)
    {
        ref var leaving = ref slab[at];
        if (leaving.PeerPrevious == 0)
            first = leaving.PeerNext;
        else
            slab[leaving.PeerPrevious].PeerNext = leaving.PeerNext;
        if (leaving.PeerNext != 0)
            slab[leaving.PeerNext].PeerPrevious = leaving.PeerPrevious;
    }

    private void UnlinkTombstone(Nfs4Client client, int at)
    {
        ref var leaving = ref slab[at];
        if (leaving.SeatPrevious == 0)
            client.FirstTombstone = leaving.SeatNext;
        else
            slab[leaving.SeatPrevious].SeatNext = leaving.SeatNext;
        if (leaving.SeatNext != 0)
            slab[leaving.SeatNext].SeatPrevious = leaving.SeatPrevious;
    }

    private static int HashOf(uint number) => (int)(number * 0x9E37_79B1u >> 7);
}
