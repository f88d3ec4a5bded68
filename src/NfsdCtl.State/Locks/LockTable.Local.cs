namespace NfsdCtl.State.Locks;

/// <summary>Agreement with the locks of local programs: reservations, and the cover that the kernel is to hold.</summary>
public sealed partial class LockTable
{
    /// <summary>
    /// The kernel granted the lock for local programs: the reservation becomes a lock. Outcomes: Granted; for a waiter Blocked
    /// (an effect GrantWaiter follows); NotFound when it was released meanwhile: the kernel's lock is to be given back.
    /// </summary>
    public LockOutcome ConfirmLocal(in GateScope gate, long id)
    {
        if (!waiters.TryGetValue(id, out var waiter) || waiter.Seat.Dead)
            return LockOutcome.NotFound;
        switch (waiter.Phase)
        {
            case WaiterPhase.Asking:
                Apply(gate, waiter);
                return LockOutcome.Granted;
            case WaiterPhase.Trying:
                SendGrant(waiter);
                return LockOutcome.Blocked;
            default:
                return LockOutcome.NotFound;
        }
    }

    /// <summary>A reservation is there that only waits for the kernel's answer.</summary>
    internal bool IsAsking(long id) => waiters.TryGetValue(id, out var waiter) && waiter is { Phase: WaiterPhase.Asking, Seat.Dead: false };

    /// <summary>
    /// A local program is in the way: the reservation goes, nothing was held. Outcomes: Denied; Blocked when the request may wait: it
    /// is tried again (effect TryLocal) after <see cref="LocalReleased"/> or <see cref="StateOptions.LocalRetry"/>; NotFound.
    /// </summary>
    public LockOutcome WithdrawLocal(in GateScope gate, long id)
    {
        if (!waiters.TryGetValue(id, out var waiter) || waiter.Seat.Dead || waiter.Phase is not (WaiterPhase.Asking or WaiterPhase.Trying))
            return LockOutcome.NotFound;
        if (!waiter.Block || waiter.Reclaim)
        {
            Drop(gate, waiter);
            return LockOutcome.Denied;
        }
        if (!waiter.Queued)
            Enqueue(waiter);
        Unreserve(waiter);
        waiter.Phase = WaiterPhase.LocalBlocked;
        NotePoll(waiter);
        state.Agenda.Set(waiter, state.After(state.Options.LocalRetry));
        QueueEvaluation(waiter.File);
        EvaluateWaiters(gate);
        return LockOutcome.Blocked;
    }

    /// <summary>Local programs gave up locks on the file: those who wait for them are tried again now.</summary>
    public void LocalReleased(in GateScope gate, in FileKey file)
    {
        int found = files.Find(file);
        for (var waiter = files.QueueOrNull(found)?.First; waiter is not null; waiter = waiter.Next)
        {
            if (waiter.Phase == WaiterPhase.LocalBlocked)
                waiter.Phase = WaiterPhase.Waiting;
        }
        QueueEvaluation(found);
        EvaluateWaiters(gate);
    }

    /// <summary>
    /// The union of what is held or reserved on a file, as at most <see cref="MaxCover"/> disjoint ranges in ascending order; where
    /// there are more, neighbours are covered together: never less than what is held. Write where any write lock is inside.
    /// </summary>
    /// <param name="window">The part of the file that is asked about; the cover is cut to it.</param>
    /// <param name="cover">At least <see cref="MaxCover"/> long.</param>
    /// <param name="exact">False when neighbours were covered together.</param>
    public int LocalCover(in GateScope gate, in FileKey file, LockRange window, Span<CoverRange> cover, out bool exact)
    {
        exact = true;
        int found = files.Find(file);
        return found == 0 ? 0 : LocalCovers.Compute(state, ranges, ref files[found], window, cover, out exact);
    }
}

/// <summary>A range to be locked in the kernel.</summary>
public readonly record struct CoverRange(LockRange Range, LockKind Kind);

/// <summary>
/// Computes covers. The kernel's list of locks of a file is linear (F_OFD_SETLK 1.9 µs with none, 33 µs at 1,000, 1.2 ms at 10,000),
/// hence the bound. A subtree of the search tree stands for all of its ranges, so a cover costs O(64 log n) however many there are.
/// </summary>
internal static class LocalCovers
{
    /// <summary>Pieces of each kind: the reads around writes are at most one more than both together.</summary>
    private const int Pieces = LockTable.MaxCover;

    public static int Compute(
        ServerState state, RangeSet ranges, ref FileRecord file, LockRange window, Span<CoverRange> cover, out bool exact)
    {
        Span<LockRange> writes = stackalloc LockRange[Pieces];
        Span<LockRange> reads = stackalloc LockRange[Pieces];
        exact = true;
        writes = writes[..Union(writes[..Collect(state, ranges, file.WriteRoot, window, writes, ref exact)])];
        reads = reads[..Union(reads[..Collect(state, ranges, file.ReadRoot, window, reads, ref exact)])];
        Span<CoverRange> all = stackalloc CoverRange[3 * Pieces + 1];
        int count = Overlay(writes, reads, all);
        exact &= count <= LockTable.MaxCover;
        while (count > LockTable.MaxCover)
            count = MergePairs(all[..count]);
        all[..count].CopyTo(cover);
        return count;
    }

    /// <summary>Nodes from the root downward, level by level, each by itself, and the subtrees for which no room is left as one piece each.</summary>
    private static int Collect(ServerState state, RangeSet ranges, int root, LockRange window, Span<LockRange> pieces, ref bool exact)
    {
        if (root == 0 || ranges[root].MaxEnd < window.Start)
            return 0;
        Span<int> subtrees = stackalloc int[Pieces + 2];
        int first = 0;
        int end = 0;
        int count = 0;
        subtrees[end++] = root;
        // Opening a subtree makes one piece and up to two subtrees of it.
        while (first < end && count + (end - first) + 2 <= pieces.Length && end + 2 <= subtrees.Length)
        {
            ref var node = ref ranges[subtrees[first++]];
            if (node.RangeLeft != 0 && ranges[node.RangeLeft].MaxEnd >= window.Start)
                subtrees[end++] = node.RangeLeft;
            if (node.RangeRight != 0 && node.Start <= window.End && ranges[node.RangeRight].MaxEnd >= window.Start)
                subtrees[end++] = node.RangeRight;
            if (node.Range.Overlaps(window) && !state.Hosts.SeatAt(node.Seat).Dead)
                pieces[count++] = node.Range.Intersection(window);
        }
        for (; first < end; first++)
        {
            ref var top = ref ranges[subtrees[first]];
            int at = subtrees[first];
            while (ranges[at].RangeLeft != 0)
                at = ranges[at].RangeLeft;
            bool single = top.RangeLeft == 0 && top.RangeRight == 0;
            var piece = new LockRange(ranges[at].Start, top.MaxEnd);
            if (!piece.Overlaps(window) || (single && state.Hosts.SeatAt(top.Seat).Dead))
                continue;
            exact &= single;
            pieces[count++] = piece.Intersection(window);
        }
        return count;
    }

    /// <summary>Sorts, and joins what overlaps or touches.</summary>
    private static int Union(Span<LockRange> pieces)
    {
        if (pieces.Length == 0)
            return 0;
        pieces.Sort(static (a, b) => a.Start.CompareTo(b.Start));
        int count = 1;
        foreach (var piece in pieces[1..])
        {
            ref var last = ref pieces[count - 1];
            if (last.End == ulong.MaxValue || piece.Start <= last.End + 1)
                last = new LockRange(last.Start, Math.Max(last.End, piece.End));
            else
                pieces[count++] = piece;
        }
        return count;
    }

    /// <summary>Writes, and reads where no write is.</summary>
    private static int Overlay(Span<LockRange> writes, Span<LockRange> reads, Span<CoverRange> into)
    {
        int count = 0;
        foreach (var write in writes)
            into[count++] = new CoverRange(write, LockKind.Write);
        foreach (var read in reads)
        {
            ulong start = read.Start;
            bool open = true;
            foreach (var write in writes)
            {
                if (write.End < start || write.Start > read.End)
                    continue;
                if (write.Start > start)
                    into[count++] = new CoverRange(new LockRange(start, write.Start - 1), LockKind.Read);
                open = write.End < read.End;
                if (!open)
                    break;
                start = write.End + 1;
            }
            if (open)
                into[count++] = new CoverRange(new LockRange(start, read.End), LockKind.Read);
        }
        into[..count].Sort(static (a, b) => a.Range.Start.CompareTo(b.Range.Start));
        return count;
    }

    private static int MergePairs(Span<CoverRange> all)
    {
        int count = 0;
        for (int i = 0; i < all.Length; i += 2)
        {
            var (a, b) = (all[i], i + 1 < all.Length ? all[i + 1] : all[i]);
            all[count++] = new CoverRange(
                new LockRange(a.Range.Start, b.Range.End), a.Kind == LockKind.Write || b.Kind == LockKind.Write ? LockKind.Write : LockKind.Read);
        }
        return count;
    }
}
