namespace NfsdCtl.State.Locks;

/// <summary>
/// Follows who waits for whom among the owners known here, over a bounded number of them. An edge is hard when a lock is in the way, and
/// soft when an earlier waiter is: a circle of hard edges is a deadlock, one with a soft edge is opened by letting that waiter pass.
/// </summary>
internal sealed class DeadlockSearch(LockTable locks, int limit)
{
    private const int CirclesPerWait = 8;
    private readonly HashSet<int> visited = [];
    private int target;
    private bool withSoft;
    private Waiter? softOnPath;

    /// <summary>Would this wish, if it waited, wait for its own owner?</summary>
    public bool WouldDeadlock(int owner, int file, LockRange range, LockKind kind)
    {
        Begin(owner, false);
        return BlockedByTarget(file, owner, range, kind);
    }

    /// <summary>Does <paramref name="ahead"/> wait for the owner, so that the owner must not wait behind it?</summary>
    public bool WouldCircle(int owner, Waiter ahead)
    {
        if (owner == 0)
            return false;
        Begin(owner, true);
        return Reaches(ahead.Owner);
    }

    /// <summary>Lets waiters pass that are part of a circle closed by the new one.</summary>
    public void BreakCircles(Waiter waiter)
    {
        for (int i = 0; i < CirclesPerWait; i++)
        {
            Begin(waiter.Owner, true);
            if (!WaitsForTarget(waiter) || softOnPath is null)
                return;
            softOnPath.Exempt = true;
            locks.QueueEvaluation(softOnPath.File);
        }
    }

    private void Begin(int owner, bool soft)
    {
        visited.Clear();
        target = owner;
        withSoft = soft;
        softOnPath = null;
    }

    private bool Reaches(int owner)
    {
        if (owner == target)
            return true;
        if (visited.Count >= limit || !visited.Add(owner))
            return false;
        for (var waiter = locks.FirstOf(owner); waiter is not null; waiter = waiter.OwnerNext)
        {
            if (waiter.Waits && WaitsForTarget(waiter))
                return true;
        }
        return false;
    }

    private bool WaitsForTarget(Waiter waiter)
    {
        if (BlockedByTarget(waiter.File, waiter.Owner, waiter.Range, waiter.Kind))
            return true;
        if (!withSoft || waiter.Exempt)
            return false;
        for (var other = locks.Files.QueueOrNull(waiter.File)?.First; other is not null && other != waiter; other = other.Next)
        {
            if (!other.Waits || !locks.IsBehind(waiter, other))
                continue;
            var before = softOnPath;
            softOnPath ??= waiter;
            if (Reaches(other.Owner))
                return true;
            softOnPath = before;
        }
        return false;
    }

    private bool BlockedByTarget(int file, int owner, LockRange range, LockKind kind) =>
        !locks.Ranges.ForEachConflict(file, kind, range, owner, node => !Reaches(locks.Ranges[node].Owner));
}
