using System.Globalization;
using System.Reflection;
using NfsdCtl.Control;
using NfsdCtl.State;
using NfsdCtl.State.Locks;
using NfsdCtl.State.Replies;
using NfsdCtl.State.Reports;
using NfsdCtl.Vfs.Nodes;

namespace NfsdCtl.Hosting;

/// <summary>What the state machines hold, in the words of the administrator's interface.</summary>
public sealed partial class ServerControl
{
    /// <summary>Paths are looked up for so many files of one report; the others, and those of which nothing is open here, show their identity.</summary>
    private const int MostPaths = 10_000;

    public IReadOnlyList<LockReport> Locks()
    {
        var found = new List<LockInfo>();
        int cursor = 0;
        Copy((in gate) => parts.State.Reports.CopyLocks(gate, ref cursor, found));
        var paths = new Dictionary<FileKey, string?>();
        return [.. found.Select(l => ReportOf(l, paths))];
    }

    public IReadOnlyList<WaiterReport> Waiters()
    {
        var found = new List<WaiterInfo>();
        long cursor = 0;
        Copy((in gate) => parts.State.Reports.CopyWaiters(gate, ref cursor, found));
        var paths = new Dictionary<FileKey, string?>();
        return [.. found.Select(w => new WaiterReport(
            ReportOf(w.Wanted, paths), [.. w.Blockers.Concat(w.Behind).Select(b => ReportOf(b, paths)), .. LocalBlockers(w, paths)]))];
    }

    /// <summary>The local program that a waiter waits for, as the kernel names it: its descriptor of the file is open for as long as it waits.</summary>
    private IEnumerable<LockReport> LocalBlockers(WaiterInfo waiter, Dictionary<FileKey, string?> paths)
    {
        var wanted = waiter.Wanted;
        if (!waiter.IsBlockedLocally || parts.LocalLocks.Test(wanted.File, wanted.Range, wanted.Kind) is not { } holder)
            yield break;
        string owner = holder.Process > 0 ? string.Create(CultureInfo.InvariantCulture, $"pid={holder.Process}") : "open file description";
        yield return ReportOf(wanted, paths) with
        {
            Start = holder.Range.Start,
            End = EndOf(holder.Range),
            Exclusive = holder.Kind == LockKind.Write,
            Owner = owner,
            Client = "this host",
            Protocol = "local",
            Server = NetAddress.Any,
            Age = TimeSpan.Zero,
        };
    }

    private static ulong? EndOf(LockRange range) => range.End == LockRange.ToEof ? null : range.End;

    public IReadOnlyList<HostReport> Hosts()
    {
        var found = new List<HostInfo>();
        Copy((in gate) =>
        {
            parts.State.Reports.CopyHosts(gate, found);
            return false;
        });
        // Clients of NFSv4 are hosts too, without an address; they are shown in clients/N.
        return [.. found.Where(h => !h.Client.Address.IsWildcard).Select(h =>
            new HostReport(h.Server, h.Client.Address, h.Client.CallerName, h.Monitored, (int)h.NsmState, h.Locks, h.Waiters, h.Shares, h.Idle))];
    }

    public IReadOnlyList<GraceReport> Grace()
    {
        var found = new List<WindowInfo>();
        Copy((in gate) =>
        {
            parts.State.Reports.CopyWindows(gate, found);
            return false;
        });
        return [.. found.Select(w => new GraceReport(
            w.Scope.Server, w.Scope.FileSystem, PathOf(w.Scope.FileSystem), w.Reason, w.AnyoneMayReclaim, w.Left,
            [.. w.Done.Select(d => d.ToString())], [.. w.Missing.Select(m => m.ToString())]))];
    }

    public IReadOnlyList<ScopeReport> Scopes()
    {
        var found = new List<ScopeInfo>();
        Copy((in gate) =>
        {
            parts.State.Reports.CopyScopes(gate, found);
            return false;
        });
        return [.. found.Select(s => new ScopeReport(
            s.Scope.Server, s.Scope.FileSystem, PathOf(s.Scope.FileSystem), StateOf(s), s.Releases, s.Records, s.Locks, s.Waiters, s.Shares))];
    }

    public IReadOnlyList<LeaseReport> Leases() => [];

    public StatusReport Status()
    {
        StateCounts counts = default;
        Copy((in gate) =>
        {
            counts = parts.State.Reports.Counts(gate);
            return false;
        });
        var addresses = parts.Settings.Host.Count == 0 ? [.. parts.Addresses.All] : parts.Settings.Host;
        return new StatusReport(
            Version, Environment.ProcessId, Since(started), IsServing, (int)Get(Setting.Threads), addresses, Listeners(),
            parts.Rpc.Counters.Connections, parts.Rpc.Counters.Calls, parts.Exports.Current.Exports.Count, counts.Windows, counts.Hosts, counts.Locks,
            counts.Waiters, counts.Shares, parts.NsmService.StateNumber);
    }

    public IReadOnlyList<ExportStats> ExportStats() =>
        [.. parts.Exports.Current.Exports.Select(e => new ExportStats(
            e.Path, e.Client.Text, startedAt, e.Counters.StaleHandles, e.Counters.BytesRead, e.Counters.BytesWritten))];

    public IReadOnlyList<PoolStats> PoolStats() =>
        [new PoolStats(0, parts.Rpc.Counters.Calls, parts.Rpc.Wakeups, parts.Rpc.Counters.HandOvers, 0)];

    public ReplyCacheStats ReplyCacheStats()
    {
        var c = parts.Replies.Counts;
        // The checksum of the arguments is part of the key: another payload under a used xid is a miss like any other, and chains are not counted.
        return new ReplyCacheStats(
            c.Capacity, c.Entries, c.Capacity, (long)c.Entries * ReplyCache.MaxReply, c.Hits + c.Dropped, c.Misses, c.NotKept, PayloadMisses: 0, LongestChain: 0, CacheSizeAtLongest: 0);
    }

    public FileCacheStats FileCacheStats()
    {
        var s = parts.Nodes.Statistics;
        return new FileCacheStats(s.Nodes, NodeCache.ShardCount, s.Nodes, s.Hits, s.Hits + s.Misses, s.Misses, s.Misses - s.Nodes, s.Evictions, null);
    }

    private static string Version { get; } =
        typeof(ServerControl).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    private delegate bool Slice(in GateScope gate);

    /// <summary>Copies in slices, each in a gate entry of its own, so that nobody waits for a report.</summary>
    private void Copy(Slice slice)
    {
        var effects = new EffectList();
        bool more = true;
        while (more)
        {
            using (var gate = parts.State.Enter(effects))
                more = slice(gate);
            parts.Effects.Run(effects);
        }
    }

    private LockReport ReportOf(LockInfo l, Dictionary<FileKey, string?> paths)
    {
        if (!paths.TryGetValue(l.File, out string? path))
            paths[l.File] = path = paths.Count < MostPaths ? parts.Files.PathOf(l.File) : null;
        return new LockReport(
            path, l.File, l.Range.Start, EndOf(l.Range), l.Kind == LockKind.Write,
            l.OwnerKind == OwnerKind.Nlm
                ? string.Create(CultureInfo.InvariantCulture, $"svid={l.OwnerId} oh={Convert.ToHexStringLower(l.OwnerHandle)}")
                : $"owner={Convert.ToHexStringLower(l.OwnerHandle)}",
            l.Client.ToString(), l.OwnerKind == OwnerKind.Nlm ? "nlm" : "nfsv4", l.Server, l.Age)
        {
            Waiters = l.Waiters,
        };
    }

    private static string StateOf(ScopeInfo scope) =>
        scope.InGrace ? "grace" : scope.Releases > 0 && scope.Locks + scope.Waiters + scope.Shares == 0 ? "released" : "active";
}
