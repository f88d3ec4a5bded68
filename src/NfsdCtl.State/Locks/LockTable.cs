using NfsdCtl.State.Clients;
using NfsdCtl.State.Grace;

namespace NfsdCtl.State.Locks;

/// <summary>
/// Byte-range locks and those who wait for them.
/// <para>Order among waiters: a request waits behind each earlier waiter that it conflicts with, whether it would wait itself or
/// not, so that a stream of readers cannot starve a writer. It passes a waiter that waits for the requester itself (an upgrade
/// by one of several readers), and any waiter when waiting behind it would close a circle.</para>
/// </summary>
public sealed partial class LockTable
{
    /// <summary>The longest NFS handle that is kept for GRANTED, in bytes.</summary>
    public const int MaxNfsHandle = 64;

    /// <summary>The ranges that a local cover has at most.</summary>
    public const int MaxCover = 64;

    /// <summary>Dead nodes that one search for conflicts takes out at most.</summary>
    private const int DeadPerSearch = 64;

    /// <summary>Nodes that a range may need beyond the one it is made of: the two ends of one that it splits.</summary>
    private const int NodesPerRange = 2;

    private readonly ServerState state;
    private readonly FileTable files;
    private readonly OwnerTable owners;
    private readonly RangeSet ranges;

    internal LockTable(ServerState state)
    {
        this.state = state;
        files = new FileTable(state);
        owners = new OwnerTable(state);
        ranges = new RangeSet(state, files, owners);
        deadlocks = new DeadlockSearch(this, state.Options.DeadlockVisits);
    }

    internal FileTable Files => files;

    internal OwnerTable Owners => owners;

    internal RangeSet Ranges => ranges;

    /// <summary>
    /// Asks for a lock. A retransmission of a waiting request finds its waiter; one whose GRANTED is on its way is granted.
    /// <para>Outcomes: Granted, Tentative (with <see cref="LockRequest.LocalLocks"/>), Denied, Blocked (with
    /// <see cref="LockRequest.Block"/>), Deadlock, Grace, NotReclaimable, NoGrace, NoResources, NeedsRecord, Rebooted.</para>
    /// </summary>
    public LockOutcome Lock(in GateScope gate, in LockRequest request, out LockTicket ticket)
    {
        ticket = default;
        if (state.Hosts.SeatOf(request.Caller, request.File.FileSystem, request.ExportTag) is not { } seat)
            return LockOutcome.NoResources;
        if (request.NsmState % 2 != 0 && request.NsmState != seat.Host.NsmState && state.Clients.NoteState(gate, seat.Host, request.NsmState))
            return LockOutcome.Rebooted;
        var admission = state.Grace.Admit(seat.Entry, request.Reclaim ? RequestKind.ReclaimLock : RequestKind.NewLock);
        if (ToOutcome(admission) is { } refused)
            return refused;
        ticket.Unrecorded = admission == Admission.ReclaimUnrecorded;
        return LockOn(gate, seat, request, ref ticket);
    }

    /// <summary>The same for a request that grace windows admit, on a seat that is known.</summary>
    internal LockOutcome LockOn(in GateScope gate, Seat seat, in LockRequest request, ref LockTicket ticket)
    {
        int owner = owners.Find(seat.Host.Index, request.OwnerKind, request.OwnerId);
        int file = files.Find(request.File);
        if (file != 0 && owner != 0 && owners[owner].Waiters != 0 && FindWaiter(file, owner, request) is { } repeated)
            return Repeat(gate, repeated, request, ref ticket);

        var search = new ConflictSearch { Asking = seat.Entry };
        int blocker = file == 0 ? 0 : FindConflict(gate, ref file, owner, request.Range, request.Kind, ref search);
        while (blocker != 0 && state.Nfs4.Clients.ExpiredHolder(SeatOf(blocker)) is { } expired)
        {
            if (expired.Durable)
                return Need(expired, RecordNeedKind.Forget, ref ticket);
            state.Releases.RevokeExpired(gate, expired);
            blocker = FindConflict(gate, ref file, owner, request.Range, request.Kind, ref search);
        }
        // A reclaim was there before all who wait.
        Waiter? ahead = blocker != 0 || file == 0 || request.Reclaim ? null : Ahead(file, owner, seat, request.Range, request.Kind, null);
        if (ahead is not null && deadlocks.WouldCircle(owner, ahead))
            ahead = null;
        if (blocker != 0 || ahead is not null)
            return Contend(gate, file, owner, seat, request, blocker, ahead, ref ticket);

        var released = request.Reclaim ? null : search.Released ?? state.Releases.ReleasedFrom(request.File.FileSystem, file, request.Kind, seat.Entry);
        if (released is not null)
            return Need(released, RecordNeedKind.Forfeit, ref ticket);
        if (NeedsRecord(seat.Entry, request))
            return Need(seat.Entry, RecordNeedKind.Remember, ref ticket);
        return Take(gate, seat, request, ref ticket);
    }

    /// <summary>Gives the range back, whatever part of it is held. Outcomes: Granted, Grace, NoResources (no room to split a lock).</summary>
    public LockOutcome Unlock(in GateScope gate, in LockRequest request)
    {
        if (!MayUnlock(request, out int owner, out int file, out var seat))
            return LockOutcome.Grace;
        if (owner == 0 || file == 0 || seat is null)
            return LockOutcome.Granted;
        // A client that unlocks what is being granted has its GRANTED; one that still waits has given up (nlmsvc_unlock).
        for (var waiter = FirstOf(owner); waiter is not null;)
        {
            var next = waiter.OwnerNext;
            if (waiter.File == file && waiter.Phase == WaiterPhase.Granting && waiter.Range.Overlaps(request.Range))
                Apply(gate, waiter);
            else if (waiter.File == file && waiter.Phase != WaiterPhase.Asking && waiter.Range == request.Range)
                Drop(gate, waiter);
            waiter = next;
        }
        // The last waiter dropped may have taken the file along.
        file = files.Find(request.File);
        return file == 0 ? LockOutcome.Granted : Release(gate, file, owner, seat, request.Range);
    }

    /// <summary>
    /// The same for an owner and a seat that are known, and a file that has an open. What the owner waits for within the range is given up.
    /// </summary>
    internal LockOutcome UnlockOn(in GateScope gate, int file, int owner, Seat seat, LockRange range)
    {
        for (var waiter = FirstOf(owner); waiter is not null;)
        {
            var next = waiter.OwnerNext;
            if (waiter.File == file && waiter.Phase != WaiterPhase.Asking && range.Contains(waiter.Range))
                Drop(gate, waiter);
            waiter = next;
        }
        return Release(gate, file, owner, seat, range);
    }

    private LockOutcome Release(in GateScope gate, int file, int owner, Seat seat, LockRange range)
    {
        if (ranges.Available < NodesPerRange && range != LockRange.All)
            return LockOutcome.NoResources;
        if (ranges.Set(file, owner, seat, range, null))
            Changed(gate, file, range);
        return LockOutcome.Granted;
    }

    private Seat SeatOf(int node) => state.Hosts.SeatAt(ranges[node].Seat);

    /// <summary>Would <see cref="Lock"/> be granted? Outcomes: Granted, Denied (fills the holder), Grace.</summary>
    public LockOutcome Test(in GateScope gate, in LockRequest request)
    {
        var host = state.Hosts.Find(request.Caller);
        return Test(gate, request.Caller.Server, host, request);
    }

    /// <summary>The same for a host that is known.</summary>
    internal LockOutcome TestOn(in GateScope gate, Host host, in LockRequest request) => Test(gate, host.Server, host, request);

    private LockOutcome Test(in GateScope gate, NetAddress server, Host? host, in LockRequest request)
    {
        var scope = state.Hosts.ScopeOf(new Scope(server, request.File.FileSystem));
        if (ToOutcome(state.Grace.Admit(scope, null, RequestKind.NewLock)) is { } refused)
            return refused;
        int file = files.Find(request.File);
        if (file == 0)
            return LockOutcome.Granted;
        int owner = host is null ? 0 : owners.Find(host.Index, request.OwnerKind, request.OwnerId);
        var search = new ConflictSearch { PassExpired = true };
        int blocker = FindConflict(gate, ref file, owner, request.Range, request.Kind, ref search);
        if (blocker == 0)
            return LockOutcome.Granted;
        FillHolder(request.Holder, blocker, null);
        return LockOutcome.Denied;
    }

    /// <summary>Takes back a waiting request of the same owner, range and kind. Outcomes: Granted, NotFound, Grace.</summary>
    public LockOutcome Cancel(in GateScope gate, in LockRequest request)
    {
        if (!MayUnlock(request, out int owner, out int file, out _))
            return LockOutcome.Grace;
        if (owner == 0 || file == 0 || FindWaiter(file, owner, request) is not { } waiter)
            return LockOutcome.NotFound;
        Drop(gate, waiter);
        return LockOutcome.Granted;
    }

    internal void DropIdleOwners(int count) => owners.DropIdle(count);

    internal static LockOutcome? ToOutcome(Admission admission) => admission switch
    {
        Admission.Normal or Admission.Reclaim or Admission.ReclaimUnrecorded => null,
        Admission.Grace => LockOutcome.Grace,
        Admission.NotReclaimable => LockOutcome.NotReclaimable,
        Admission.NoGrace => LockOutcome.NoGrace,
        _ => throw new ArgumentOutOfRangeException(nameof(admission)),
    };

    /// <summary>The locks of a file changed: waiters may fit now, and the file may be done with.</summary>
    private void Changed(in GateScope gate, int file, LockRange range)
    {
        files.Touch(file, range);
        QueueEvaluation(file);
        EvaluateWaiters(gate);
        files.FreeIfIdle(file);
    }

    /// <summary>Takes a dead node out, noting who may still come back for it.</summary>
    internal void RemoveDead(int node)
    {
        int file = ranges[node].File;
        state.Releases.Mark(file, ref ranges[node]);
        var range = ranges[node].Range;
        ranges.RemoveDead(node);
        files.Touch(file, range);
        QueueEvaluation(file);
        files.FreeIfIdle(file);
    }

    /// <summary>
    /// A node in the way, or 0; dead nodes that were met are taken out, and <paramref name="file"/> becomes 0 when nothing is left.
    /// </summary>
    private int FindConflict(in GateScope gate, ref int file, int owner, LockRange range, LockKind kind, ref ConflictSearch search)
    {
        Span<int> dead = stackalloc int[DeadPerSearch];
        int blocker;
        scoped var local = search;
        local.Start = range.Start;
        local.End = range.End;
        local.Owner = owner;
        local.Dead = dead;
        blocker = ranges.FindConflict(file, kind, ref local);
        search.Released = local.Released;
        if (local.DeadCount == 0)
            return blocker;
        var key = files[file].Key;
        foreach (int node in dead[..local.DeadCount])
            RemoveDead(node);
        file = files.Find(key);
        return blocker;
    }

    private LockOutcome Take(in GateScope gate, Seat seat, in LockRequest request, ref LockTicket ticket)
    {
        // Each undecided request may still split a range when it is decided.
        if (ranges.Available < NodesPerRange * (waiters.Count + 1) + 1)
            return LockOutcome.NoResources;
        int owner = owners.FindOrAdd(seat.Host, request.OwnerKind, request.OwnerId, request.OwnerHandle);
        int file = owner == 0 ? 0 : files.FindOrAdd(request.File);
        if (file == 0)
            return LockOutcome.NoResources;
        if (request.LocalLocks)
        {
            files[file].Local = true;
            var asking = NewWaiter(file, owner, seat, request, WaiterPhase.Asking);
            Reserve(asking);
            ticket.Id = asking.Id;
            return LockOutcome.Tentative;
        }
        Grant(gate, file, owner, seat, request.Range, request.Kind, request.Reclaim);
        return LockOutcome.Granted;
    }

    private void Grant(in GateScope gate, int file, int owner, Seat seat, LockRange range, LockKind kind, bool reclaim)
    {
        var entry = seat.Entry;
        long before = entry.Held;
        if (ranges.Set(file, owner, seat, range, kind))
            Changed(gate, file, range);
        if (!reclaim || entry.Held <= before)
            return;
        entry.NoteReclaimed(entry.Held - before);
        state.Grace.EndComplete(gate);
    }

    private LockOutcome Contend(
        in GateScope gate, int file, int owner, Seat seat, in LockRequest request, int blocker, Waiter? ahead, ref LockTicket ticket)
    {
        if (!request.Block || request.Reclaim)
        {
            FillHolder(request.Holder, blocker, ahead);
            return LockOutcome.Denied;
        }
        if (NeedsRecord(seat.Entry, request))
            return Need(seat.Entry, RecordNeedKind.Remember, ref ticket);
        if (owner != 0 && deadlocks.WouldDeadlock(owner, file, request.Range, request.Kind))
            return LockOutcome.Deadlock;
        if (files.QueueOrNull(file)?.Waiters >= state.Options.MaxWaitersPerFile || seat.Host.Waiters >= state.Options.MaxWaitersPerHost)
            return LockOutcome.NoResources;
        owner = owners.FindOrAdd(seat.Host, request.OwnerKind, request.OwnerId, request.OwnerHandle);
        if (owner == 0)
            return LockOutcome.NoResources;
        files[file].Local |= request.LocalLocks;
        var waiter = NewWaiter(file, owner, seat, request, WaiterPhase.Waiting);
        Enqueue(waiter);
        ticket.Id = waiter.Id;
        FillHolder(request.Holder, blocker, ahead);
        NotePoll(waiter);
        deadlocks.BreakCircles(waiter);
        EvaluateWaiters(gate);
        return LockOutcome.Blocked;
    }

    /// <summary>The same request again: where it stands now.</summary>
    private LockOutcome Repeat(in GateScope gate, Waiter waiter, in LockRequest request, ref LockTicket ticket)
    {
        ticket.Id = waiter.Id;
        if (waiter.Phase == WaiterPhase.Granting)
        {
            Apply(gate, waiter);
            return LockOutcome.Granted;
        }
        NotePoll(waiter);
        if (request.Holder is { } holder)
            FillBlocker(gate, waiter, holder);
        return request.Block ? LockOutcome.Blocked : LockOutcome.Denied;
    }

    private bool MayUnlock(in LockRequest request, out int owner, out int file, out Seat? seat)
    {
        owner = 0;
        file = files.Find(request.File);
        seat = null;
        if (state.Hosts.Find(request.Caller) is { } host)
        {
            host.LastSeen = state.Now;
            owner = owners.Find(host.Index, request.OwnerKind, request.OwnerId);
            seat = SeatFor(host, request);
        }
        bool known = owner != 0 && (owners[owner].Held || owners[owner].Waiters != 0);
        var scope = seat?.Scope ?? state.Hosts.ScopeOf(new Scope(request.Caller.Server, request.File.FileSystem));
        return state.Grace.Admit(scope, null, known ? RequestKind.UnlockKnown : RequestKind.UnlockUnknown) == Admission.Normal;
    }

    /// <summary>Any live seat of the host on the filesystem stands for all of them where nothing new is taken.</summary>
    private static Seat? SeatFor(Host host, in LockRequest request)
    {
        foreach (var seat in host.Seats)
        {
            if (seat.Scope.Scope.FileSystem == request.File.FileSystem)
                return seat;
        }
        return null;
    }

    private static bool NeedsRecord(ClientEntry entry, in LockRequest request) =>
        !request.Unmonitored && (!entry.Recordable || (entry.IsOutdated && !request.Reclaim));

    private static LockOutcome Need(ClientEntry entry, RecordNeedKind kind, ref LockTicket ticket)
    {
        ticket.Need = new RecordNeed(entry.Index, kind, entry.Scope.Scope, entry.Host.Name, entry.Forfeited && !entry.KnowsItsLoss, entry.KnowsItsLoss);
        return LockOutcome.NeedsRecord;
    }

    /// <summary>Who is in the way of one that waits: a holder, an earlier waiter, or else (a local program) nobody but itself.</summary>
    private void FillBlocker(in GateScope gate, Waiter waiter, LockHolder holder)
    {
        int file = waiter.File;
        var search = default(ConflictSearch);
        int blocker = FindConflict(gate, ref file, waiter.Owner, waiter.Range, waiter.Kind, ref search);
        var ahead = blocker != 0 ? null : Ahead(waiter.File, waiter.Owner, waiter.Seat, waiter.Range, waiter.Kind, waiter) ?? waiter;
        FillHolder(holder, blocker, ahead);
    }

    private void FillHolder(LockHolder? holder, int blocker, Waiter? ahead)
    {
        if (holder is null)
            return;
        int owner = ahead?.Owner ?? ranges[blocker].Owner;
        ref var record = ref owners[owner];
        holder.Range = ahead?.Range ?? ranges[blocker].Range;
        holder.Kind = ahead?.Kind ?? ranges[blocker].Kind;
        holder.OwnerId = record.Id;
        holder.OwnerKind = record.Kind;
        var host = state.Hosts.HostAt(record.Host);
        holder.Client = host.Name;
        holder.ClientId = host.Nfs4?.Id ?? 0;
        holder.Waits = ahead is not null;
        holder.SetHandle(owners.HandleOf(owner));
    }
}
