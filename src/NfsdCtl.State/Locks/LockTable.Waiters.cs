using NfsdCtl.State.Records;

namespace NfsdCtl.State.Locks;

/// <summary>Those who wait: their queues, grants and call-backs.</summary>
public sealed partial class LockTable
{
    private readonly Dictionary<long, Waiter> waiters = [];
    private readonly Dictionary<int, Waiter> firstOfOwner = [];
    private readonly Stack<Waiter> pool = new();
    private readonly Queue<FileQueue> evaluations = new();
    private readonly DeadlockSearch deadlocks;
    private long lastId;
    private bool evaluating;

    internal bool EvaluationPending => evaluations.Count != 0;

    internal IReadOnlyDictionary<long, Waiter> Waiters => waiters;

    /// <summary>Requests that wait or are being granted, those of released seats not counted.</summary>
    internal long LiveWaiters { get; private set; }

    /// <summary>
    /// What to send for an effect GrantWaiter, or to take in the kernel for an effect TryLocal; false when there is nothing to grant
    /// any more.
    /// </summary>
    public bool TryGetGrant(in GateScope gate, long id, GrantCall call)
    {
        if (!waiters.TryGetValue(id, out var waiter) || waiter.Phase is not (WaiterPhase.Granting or WaiterPhase.Trying) || waiter.Seat.Dead)
            return false;
        call.Id = id;
        call.Client = waiter.Seat.Host.Name;
        call.Server = waiter.Seat.Host.Server;
        call.File = files[waiter.File].Key;
        call.Range = waiter.Range;
        call.Kind = waiter.Kind;
        call.OwnerId = owners[waiter.Owner].Id;
        call.ProtocolTag = waiter.ProtocolTag;
        call.LocalLocks = waiter.LocalLocks;
        call.Attempt = waiter.Attempts;
        call.SetHandles(waiter.Handle, owners.HandleOf(waiter.Owner));
        return true;
    }

    /// <summary>A live waiter for whom its lock is kept.</summary>
    internal Waiter? GrantingOrNull(long id) =>
        waiters.TryGetValue(id, out var waiter) && waiter is { Phase: WaiterPhase.Granting, Seat.Dead: false } ? waiter : null;

    /// <summary>
    /// What became of GRANTED. Sent again after 10 s (retry) or 60 s (no answer), a bounded number of times.
    /// </summary>
    /// <param name="client">The address that answers; another client's answer is ignored.</param>
    /// <returns>False when nothing was waiting for this answer.</returns>
    public bool GrantAnswered(in GateScope gate, long id, NetAddress client, GrantAnswer answer)
    {
        if (!waiters.TryGetValue(id, out var waiter) || waiter.Phase != WaiterPhase.Granting || waiter.Seat.Dead || waiter.Seat.Host.Name.Address != client)
            return false;
        switch (answer)
        {
            case GrantAnswer.Accepted:
                Apply(gate, waiter);
                break;
            case GrantAnswer.Denied:
                Drop(gate, waiter);
                break;
            case GrantAnswer.Retry:
                state.Agenda.Set(waiter, state.After(state.Options.GrantErrorRetry));
                break;
            case GrantAnswer.Sent:
                state.Agenda.Set(waiter, state.After(state.Options.GrantAnswerWait));
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(answer));
        }
        return true;
    }

    /// <summary>
    /// Grants those who fit, in the order of their coming, a bounded number of them; what is left keeps the gate due. Requests that
    /// come meanwhile wait behind those not looked at yet.
    /// </summary>
    internal void EvaluateWaiters(in GateScope gate)
    {
        // A grant changes its file, which asks for an evaluation again.
        if (evaluating)
            return;
        evaluating = true;
        int budget = state.Options.WaiterSlice;
        while (budget > 0 && evaluations.TryPeek(out var queue))
        {
            while (queue.Cursor is { } waiter && budget-- > 0)
            {
                queue.Cursor = waiter.Next;
                if (waiter.Phase == WaiterPhase.Waiting && !waiter.Seat.Dead)
                    TryGrant(gate, waiter);
            }
            if (queue.Cursor is not null)
                continue;
            evaluations.Dequeue();
            queue.Evaluating = false;
            files.FreeIfIdle(queue.File);
        }
        evaluating = false;
    }

    /// <summary>Looks at every queue of a filesystem, because something other than its locks changed (a window, a record).</summary>
    internal void EvaluateAll(in GateScope gate, FsId fileSystem)
    {
        foreach (var queue in files.Queues)
        {
            if (fileSystem.IsAny || files[queue.File].Key.FileSystem == fileSystem)
                QueueEvaluation(queue.File);
        }
        EvaluateWaiters(gate);
    }

    internal void WaiterDue(Waiter waiter)
    {
        if (waiter.Seat is null || waiter.Seat.Dead)
            return;
        if (state.Now >= waiter.PollEnds)
        {
            Withdraw(waiter);
            return;
        }
        switch (waiter.Phase)
        {
            case WaiterPhase.Granting when waiter.PollEnds != Timed.Never:
                break;
            case WaiterPhase.Granting when ++waiter.Attempts < state.Options.GrantAttempts:
                SendGrant(waiter);
                break;
            case WaiterPhase.Granting:
                Withdraw(waiter);
                break;
            case WaiterPhase.Waiting or WaiterPhase.LocalBlocked:
                waiter.Phase = WaiterPhase.Waiting;
                QueueEvaluation(waiter.File);
                break;
        }
        if (waiter.Due == Timed.Never && waiter.PollEnds != Timed.Never)
            state.Agenda.Set(waiter, waiter.PollEnds);
    }

    /// <summary>
    /// A client of NFSv4 asked for the lock: it keeps its place as long as it goes on to ask at the pace it has, and for a lease while
    /// that is not known (RFC 8881 §9.4).
    /// </summary>
    private void NotePoll(Waiter waiter)
    {
        if (owners[waiter.Owner].Kind != OwnerKind.Nfs4)
            return;
        var lease = state.Nfs4.Clients.Lease;
        var pace = waiter.Polled == 0 ? lease : 2 * state.Since(waiter.Polled) + state.Options.PollSlack;
        waiter.Polled = state.Now;
        waiter.PollEnds = state.After(pace < lease ? pace : lease);
        state.Agenda.Set(waiter, waiter.Due < waiter.PollEnds ? waiter.Due : waiter.PollEnds);
    }

    /// <summary>Takes out a waiter of a dead seat.</summary>
    internal void RemoveDead(Waiter waiter) => Withdraw(waiter);

    internal void ReleaseSeatWaiters(Clients.Seat seat) => LiveWaiters -= seat.Waiters;

    internal Waiter? FirstOf(int owner) => firstOfOwner.GetValueOrDefault(owner);

    /// <summary>
    /// The first waiter before <paramref name="self"/> (null: before a newcomer) that a request of this range has to wait behind.
    /// </summary>
    internal Waiter? Ahead(int file, int owner, Clients.Seat seat, LockRange range, LockKind kind, Waiter? self)
    {
        if (self is { Exempt: true })
            return null;
        for (var other = files.QueueOrNull(file)?.First; other is not null && other != self; other = other.Next)
        {
            if (other.Waits && IsBehind(owner, seat, range, kind, other))
                return other;
        }
        return null;
    }

    internal bool IsBehind(Waiter waiter, Waiter other) => IsBehind(waiter.Owner, waiter.Seat, waiter.Range, waiter.Kind, other);

    private bool IsBehind(int owner, Clients.Seat seat, LockRange range, LockKind kind, Waiter other) =>
        other.Owner != owner && other.Range.Overlaps(range) && (other.Kind == LockKind.Write || kind == LockKind.Write)
        && (owner == 0 || !ranges.Holds(other.File, owner, seat, other.Range, other.Kind));

    private void TryGrant(in GateScope gate, Waiter waiter)
    {
        if (state.Grace.VerdictOf(waiter.Seat.Scope).InGrace || ranges.Available < NodesPerRange * waiters.Count + 1)
            return;
        int file = waiter.File;
        var search = new ConflictSearch { Asking = waiter.Seat.Entry };
        int blocker = FindConflict(gate, ref file, waiter.Owner, waiter.Range, waiter.Kind, ref search);
        if (blocker != 0)
        {
            if (state.Nfs4.Clients.ExpiredHolder(SeatOf(blocker)) is { } expired)
            {
                state.Releases.AskToForget(gate, expired);
                state.Agenda.Set(waiter, state.After(state.Options.PersistRetry));
            }
            return;
        }
        if (Ahead(waiter.File, waiter.Owner, waiter.Seat, waiter.Range, waiter.Kind, waiter) is not null)
            return;
        if ((search.Released ?? state.Releases.ReleasedFrom(waiter.Seat.Scope.Scope.FileSystem, waiter.File, waiter.Kind, waiter.Seat.Entry)) is { } released)
        {
            state.Releases.AskToForfeit(released);
            state.Agenda.Set(waiter, state.After(state.Options.PersistRetry));
            return;
        }
        Reserve(waiter);
        if (waiter.LocalLocks)
        {
            waiter.Phase = WaiterPhase.Trying;
            state.Add(new Effect(EffectKind.TryLocal, waiter.Id, files[waiter.File].Key));
        }
        else
        {
            SendGrant(waiter);
        }
    }

    private void SendGrant(Waiter waiter)
    {
        waiter.Phase = WaiterPhase.Granting;
        if (waiter.PollEnds == Timed.Never)
        {
            state.Add(new Effect(EffectKind.GrantWaiter, waiter.Id));
            state.Agenda.Set(waiter, state.After(state.Options.GrantAnswerWait));
            return;
        }
        // An NFSv4 client fetches its lock: one that can be told so has to come soon.
        if (waiter.Seat.Host.Nfs4 is { HasBackChannel: true })
        {
            state.Add(new Effect(EffectKind.NotifyLock, waiter.Id));
            waiter.PollEnds = Math.Min(waiter.PollEnds, state.After(state.Options.NoticeWait));
        }
        state.Agenda.Set(waiter, waiter.PollEnds);
    }

    private void Reserve(Waiter waiter)
    {
        waiter.Reservation = ranges.Reserve(waiter.File, waiter.Owner, waiter.Seat, waiter.Range, waiter.Kind);
        files.Touch(waiter.File, waiter.Range);
    }

    /// <summary>The reservation becomes a lock, and the request is done with.</summary>
    private void Apply(in GateScope gate, Waiter waiter)
    {
        var (file, owner, seat, range, kind, reclaim) = (waiter.File, waiter.Owner, waiter.Seat, waiter.Range, waiter.Kind, waiter.Reclaim);
        // The file must outlive its reservation.
        bool was = evaluating;
        evaluating = true;
        Unreserve(waiter);
        Grant(gate, file, owner, seat, range, kind, reclaim);
        Free(waiter);
        evaluating = was;
        QueueEvaluation(file);
        EvaluateWaiters(gate);
    }

    /// <summary>The request is done with and nothing of it stays.</summary>
    private void Drop(in GateScope gate, Waiter waiter)
    {
        Withdraw(waiter);
        EvaluateWaiters(gate);
    }

    private void Withdraw(Waiter waiter)
    {
        int file = waiter.File;
        Unreserve(waiter);
        Free(waiter);
        QueueEvaluation(file);
        files.FreeIfIdle(file);
    }

    private void Unreserve(Waiter waiter)
    {
        if (waiter.Reservation == 0)
            return;
        ranges.Unreserve(waiter.Reservation);
        waiter.Reservation = 0;
        files.Touch(waiter.File, waiter.Range);
    }

    internal void QueueEvaluation(int file)
    {
        if (files.QueueOrNull(file) is not { First: not null } queue)
            return;
        queue.Cursor = queue.First;
        if (queue.Evaluating)
            return;
        queue.Evaluating = true;
        evaluations.Enqueue(queue);
    }

    private Waiter? FindWaiter(int file, int owner, in LockRequest request)
    {
        for (var waiter = FirstOf(owner); waiter is not null; waiter = waiter.OwnerNext)
        {
            if (waiter.File == file && waiter.Phase != WaiterPhase.Asking && !waiter.Seat.Dead && waiter.Range == request.Range && waiter.Kind == request.Kind)
                return waiter;
        }
        return null;
    }

    private Waiter NewWaiter(int file, int owner, Clients.Seat seat, in LockRequest request, WaiterPhase phase)
    {
        var waiter = pool.TryPop(out var used) ? used : new Waiter(state);
        waiter.Id = ++lastId;
        waiter.Phase = phase;
        waiter.File = file;
        waiter.Owner = owner;
        waiter.Seat = seat;
        waiter.Range = request.Range;
        waiter.Kind = request.Kind;
        waiter.Block = request.Block;
        waiter.Reclaim = request.Reclaim;
        waiter.LocalLocks = request.LocalLocks;
        waiter.ProtocolTag = request.ProtocolTag;
        waiter.Exempt = false;
        waiter.Attempts = 0;
        waiter.Polled = 0;
        waiter.PollEnds = Timed.Never;
        waiter.Began = state.Now;
        waiter.SetHandle(request.Handle);
        waiters.Add(waiter.Id, waiter);
        waiter.OwnerNext = FirstOf(owner);
        firstOfOwner[owner] = waiter;
        owners.Adjust(owner, 0, 1);
        if (owners[owner].Kind == OwnerKind.Nfs4)
            state.Nfs4.Owners.Pin((int)owners[owner].Id);
        waiter.SeatNext = seat.FirstWaiter;
        if (seat.FirstWaiter is { } first)
            first.SeatPrevious = waiter;
        seat.FirstWaiter = waiter;
        seat.Waiters++;
        seat.Host.Waiters++;
        seat.Entry.Hold(1);
        LiveWaiters++;
        return waiter;
    }

    private void Enqueue(Waiter waiter)
    {
        var queue = files.QueueOf(waiter.File);
        waiter.Queued = true;
        waiter.Next = null;
        waiter.Previous = queue.Last;
        if (queue.Last is { } last)
            last.Next = waiter;
        else
            queue.First = waiter;
        queue.Last = waiter;
        queue.Waiters++;
    }

    private void Dequeue(Waiter waiter)
    {
        var queue = files.QueueOf(waiter.File);
        if (queue.Cursor == waiter)
            queue.Cursor = waiter.Next;
        if (waiter.Previous is { } previous)
            previous.Next = waiter.Next;
        else
            queue.First = waiter.Next;
        if (waiter.Next is { } next)
            next.Previous = waiter.Previous;
        else
            queue.Last = waiter.Previous;
        queue.Waiters--;
        waiter.Queued = false;
        waiter.Next = waiter.Previous = null;
    }

    private void Free(Waiter waiter)
    {
        if (waiter.Queued)
            Dequeue(waiter);
        int nfs4Owner = owners[waiter.Owner].Kind == OwnerKind.Nfs4 ? (int)owners[waiter.Owner].Id : 0;
        UnlinkOwner(waiter);
        var seat = waiter.Seat;
        if (waiter.SeatPrevious is { } previous)
            previous.SeatNext = waiter.SeatNext;
        else
            seat.FirstWaiter = waiter.SeatNext;
        if (waiter.SeatNext is { } next)
            next.SeatPrevious = waiter.SeatPrevious;
        waiter.SeatNext = waiter.SeatPrevious = null;
        seat.Waiters--;
        seat.Host.Waiters--;
        if (!seat.Dead)
        {
            seat.Entry.Hold(-1);
            LiveWaiters--;
        }
        waiters.Remove(waiter.Id);
        if (nfs4Owner != 0)
            state.Nfs4.Owners.Unpin(nfs4Owner);
        waiter.Phase = WaiterPhase.Free;
        waiter.Due = Timed.Never;
        waiter.Seat = null!;
        pool.Push(waiter);
    }

    private void UnlinkOwner(Waiter waiter)
    {
        int owner = waiter.Owner;
        if (firstOfOwner[owner] == waiter)
        {
            if (waiter.OwnerNext is { } next)
                firstOfOwner[owner] = next;
            else
                firstOfOwner.Remove(owner);
        }
        else
        {
            var at = firstOfOwner[owner];
            while (at.OwnerNext != waiter)
                at = at.OwnerNext!;
            at.OwnerNext = waiter.OwnerNext;
        }
        waiter.OwnerNext = null;
        owners.Adjust(owner, 0, -1);
    }
}
