using NfsdCtl.State.Locks;
using NfsdCtl.State.Records;

namespace NfsdCtl.State.Reports;

/// <param name="OwnerHandle">oh.</param>
/// <param name="Age">Since the lock was granted, or the wait began.</param>
public sealed record LockInfo(
    FileKey File, LockRange Range, LockKind Kind, OwnerKind OwnerKind, ulong OwnerId, byte[] OwnerHandle, ClientName Client, NetAddress Server,
    TimeSpan Age)
{
    /// <summary>Requests that wait for this lock, among the first 64 that wait on the file.</summary>
    public int Waiters { get; init; }
}

/// <param name="Blockers">Holders in the way, at most 16.</param>
/// <param name="Behind">Earlier waiters in the way, at most 16.</param>
/// <param name="Granting">It has its lock and GRANTED is on its way.</param>
/// <param name="IsBlockedLocally">No client is in its way: a local program is.</param>
public sealed record WaiterInfo(
    long Id, LockInfo Wanted, IReadOnlyList<LockInfo> Blockers, IReadOnlyList<LockInfo> Behind, bool Granting, bool IsBlockedLocally);

/// <param name="Monitored">A durable record exists.</param>
public sealed record HostInfo(
    NetAddress Server, ClientName Client, bool Monitored, uint NsmState, long Locks, long Waiters, long Shares, TimeSpan Idle);

public enum WindowPhase : byte
{
    /// <summary>On its way to the disk.</summary>
    Opening,
    Open,

    /// <summary>Its end is on its way to the disk.</summary>
    Ending,
}

public sealed record WindowInfo(
    long Id, Scope Scope, string Reason, bool AnyoneMayReclaim, WindowPhase Phase, TimeSpan Left, IReadOnlyList<ClientName> Done,
    IReadOnlyList<ClientName> Missing);

/// <param name="Releases">How often it was released: its epoch.</param>
/// <param name="Records">Durable client records.</param>
public sealed record ScopeInfo(Scope Scope, bool InGrace, long Releases, long Records, long Locks, long Waiters, long Shares);

public readonly record struct StateCounts(long Locks, long Waiters, long Shares, int Hosts, int Files, int Owners, int Windows, int Scopes, long Unswept);

/// <summary>
/// Snapshots for people. Each method copies at most what its bound says in one gate entry; those with a cursor (0 at first) are called
/// again, in new gate entries, until they return false. A lock that exists all the while is listed exactly once; one that
/// comes or goes meanwhile may or may not be.
/// </summary>
public sealed class StateReports
{
    private const int LocksPerCall = 2048;
    private const int WaitersPerCall = 64;
    private const int MostWaiters = 64;
    private const int MostBlockers = 16;

    private readonly ServerState state;

    internal StateReports(ServerState state) => this.state = state;

    /// <summary>Looks at 2,048 slots of the table per call (under a millisecond).</summary>
    public bool CopyLocks(in GateScope gate, ref int cursor, List<LockInfo> into)
    {
        var ranges = state.Locks.Ranges;
        int end = Math.Min(ranges.End, cursor + LocksPerCall);
        for (; cursor < end; cursor++)
        {
            if (cursor != 0 && ranges[cursor] is { Owner: not 0, Reserved: false } node && !state.Hosts.SeatAt(node.Seat).Dead)
                into.Add(Describe(node) with { Waiters = WaitersFor(node) });
        }
        return cursor < ranges.End;
    }

    /// <summary>
    /// Copies 64 waiters per call, those with an id above <paramref name="cursor"/> in ascending order, and looks at the ids of all.
    /// </summary>
    public bool CopyWaiters(in GateScope gate, ref long cursor, List<WaiterInfo> into)
    {
        long after = cursor;
        var batch = state.Locks.Waiters.Values.Where(w => w.Id > after).OrderBy(w => w.Id).Take(WaitersPerCall).ToList();
        foreach (var waiter in batch)
        {
            cursor = waiter.Id;
            if (!waiter.Seat.Dead && waiter.Phase != WaiterPhase.Asking)
                into.Add(Describe(waiter));
        }
        return batch.Count == WaitersPerCall;
    }

    /// <summary>All hosts (bounded by <see cref="StateOptions.MaxHosts"/>).</summary>
    public void CopyHosts(in GateScope gate, List<HostInfo> into)
    {
        foreach (var host in state.Hosts.All)
        {
            into.Add(new HostInfo(
                host.Server, host.Name, host.Entries.Exists(e => e.Durable), host.NsmState, host.Seats.Sum(s => s.Locks),
                host.Seats.Sum(s => s.Waiters), host.Seats.Sum(s => s.Shares), state.Since(host.LastSeen)));
        }
    }

    /// <summary>All windows with the clients known to them by name.</summary>
    public void CopyWindows(in GateScope gate, List<WindowInfo> into)
    {
        foreach (var window in state.Grace.Windows)
        {
            var done = new List<ClientName>();
            var missing = new List<ClientName>();
            foreach (var scope in state.Hosts.Scopes.Where(s => window.Scope.Covers(s.Scope)))
            {
                foreach (var entry in scope.Entries.Where(e => e.Durable))
                    (entry.Missing ? missing : done).Add(entry.Host.Name);
            }
            var left = window.Phase == WindowPhase.Open ? state.Until(window.Deadline) : TimeSpan.Zero;
            into.Add(new WindowInfo(
                window.Id, window.Scope, window.Reason, window.Anyone, window.Phase, left > TimeSpan.Zero ? left : TimeSpan.Zero, done, missing));
        }
    }

    public void CopyScopes(in GateScope gate, List<ScopeInfo> into)
    {
        foreach (var scope in state.Hosts.Scopes)
        {
            into.Add(new ScopeInfo(
                scope.Scope, state.Grace.VerdictOf(scope).InGrace, scope.Releases, scope.Entries.Count(e => e.Durable),
                scope.Seats.Sum(s => s.Locks), scope.Seats.Sum(s => s.Waiters), scope.Seats.Sum(s => s.Shares)));
        }
    }

    /// <summary>Kept all the time; costs nothing.</summary>
    public StateCounts Counts(in GateScope gate) => new(
        state.Locks.Ranges.Live, state.Locks.LiveWaiters, state.Shares.Live, state.Hosts.Count, state.Locks.Files.Count,
        state.Locks.Owners.Count, state.Grace.Windows.Count, state.Hosts.Scopes.Count, state.Releases.Unswept);

    private LockInfo Describe(in LockNode node) =>
        Describe(node.File, node.Range, node.Kind, node.Owner, state.Since(state.Started) - TimeSpan.FromSeconds(node.GrantedAt));

    private LockInfo Describe(int file, LockRange range, LockKind kind, int owner, TimeSpan age)
    {
        ref var record = ref state.Locks.Owners[owner];
        var host = state.Hosts.HostAt(record.Host);
        return new LockInfo(
            state.Locks.Files[file].Key, range, kind, record.Kind, record.Id, state.Locks.Owners.HandleOf(owner).ToArray(), host.Name,
            host.Server, age);
    }

    private int WaitersFor(in LockNode node)
    {
        int found = 0;
        var waiter = state.Locks.Files.QueueOrNull(node.File)?.First;
        for (int seen = 0; waiter is not null && seen < MostWaiters; seen++, waiter = waiter.Next)
        {
            bool conflicts = waiter.Kind == LockKind.Write || node.Kind == LockKind.Write;
            if (waiter is { Reservation: 0, Seat.Dead: false } && waiter.Owner != node.Owner && conflicts && waiter.Range.Overlaps(node.Range))
                found++;
        }
        return found;
    }

    private LockInfo Wish(Waiter waiter) => Describe(waiter.File, waiter.Range, waiter.Kind, waiter.Owner, state.Since(waiter.Began));

    private WaiterInfo Describe(Waiter waiter)
    {
        var blockers = new List<LockInfo>();
        var behind = new List<LockInfo>();
        if (waiter.Reservation == 0)
        {
            state.Locks.Ranges.ForEachConflict(waiter.File, waiter.Kind, waiter.Range, waiter.Owner, node =>
            {
                blockers.Add(Describe(state.Locks.Ranges[node]));
                return blockers.Count < MostBlockers;
            });
            for (var other = state.Locks.Files.QueueOrNull(waiter.File)?.First; other is not null && other != waiter; other = other.Next)
            {
                if (behind.Count < MostBlockers && !waiter.Exempt && other.Waits && state.Locks.IsBehind(waiter, other))
                    behind.Add(Wish(other));
            }
        }
        return new WaiterInfo(waiter.Id, Wish(waiter), blockers, behind, waiter.Phase == WaiterPhase.Granting, waiter.Phase == WaiterPhase.LocalBlocked);
    }
}
