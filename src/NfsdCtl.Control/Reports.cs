namespace NfsdCtl.Control;

/// <summary>One export of one path to one client specification.</summary>
/// <param name="Client">The specification as written in exports(5): a host, network, wildcard or <c>*</c>.</param>
/// <param name="Options">The options in force, comma separated, in the kernel's order and spelling (<c>rw,insecure,sync,…</c>).</param>
public sealed record ExportEntry(string Path, string Client, string Options, FsId FileSystem);

/// <summary>A key of the settings file, and the value that is in force.</summary>
public sealed record SettingEntry(string Section, string Key, string Value);

/// <summary>What one export served since it was added.</summary>
/// <param name="StaleHandles">Handles that named no file any more.</param>
/// <param name="BytesRead">Bytes sent by READ.</param>
/// <param name="BytesWritten">Bytes taken by WRITE.</param>
public sealed record ExportStats(
    string Path, string Client, DateTimeOffset Start, long StaleHandles, long BytesRead, long BytesWritten);

/// <summary>One pool of threads (one epoll loop).</summary>
public sealed record PoolStats(int Pool, long PacketsArrived, long SocketsEnqueued, long ThreadsWoken, long ThreadsTimedOut);

/// <summary>The duplicate request cache.</summary>
public sealed record ReplyCacheStats(
    long MaxEntries, long Entries, long HashBuckets, long MemoryBytes, long Hits, long Misses, long NotCached, long PayloadMisses,
    long LongestChain, long CacheSizeAtLongest);

/// <summary>The cache of open files.</summary>
/// <param name="MeanAge">Null when nothing was released yet.</param>
public sealed record FileCacheStats(
    long Inodes, long HashBuckets, long LruEntries, long Hits, long Acquisitions, long Allocations, long Releases, long Evictions,
    TimeSpan? MeanAge);

/// <summary>A transport endpoint on which NFS is served.</summary>
/// <param name="Transport"><c>tcp</c> or <c>udp</c>.</param>
/// <param name="Address">The address, or the wildcard.</param>
public readonly record struct Listener(string Transport, NetAddress Address, int Port);

/// <summary>A grace window.</summary>
/// <param name="Server">The address, or the wildcard for all.</param>
/// <param name="FileSystem">The filesystem, or any.</param>
/// <param name="Path">A path by which people know the filesystem, or null.</param>
/// <param name="AnyoneMayReclaim">True where no record came along, so that every client may reclaim.</param>
/// <param name="Left">To its end at the latest.</param>
/// <param name="Done">Names of known clients that have reclaimed all or said that they are done.</param>
/// <param name="Missing">Names of known clients of which more may come.</param>
public sealed record GraceReport(
    NetAddress Server, FsId FileSystem, string? Path, string Reason, bool AnyoneMayReclaim, TimeSpan Left,
    IReadOnlyList<string> Done, IReadOnlyList<string> Missing);

/// <summary>A byte-range lock, or one that is waited for.</summary>
/// <param name="Path">The file's present path, or null when it cannot be told.</param>
/// <param name="Start">The first byte.</param>
/// <param name="End">The last byte, or null for "to the end of the file".</param>
/// <param name="Exclusive">A write lock.</param>
/// <param name="Owner">The owner as its protocol spells it, e.g. <c>svid=4711 oh=…</c>.</param>
/// <param name="Client">The client's name and address.</param>
/// <param name="Protocol"><c>nlm</c>, <c>nfsv4</c> or <c>local</c>.</param>
/// <param name="Server">The server address through which it came in.</param>
public sealed record LockReport(
    string? Path, FileKey File, ulong Start, ulong? End, bool Exclusive, string Owner, string Client, string Protocol, NetAddress Server,
    TimeSpan Age)
{
    /// <summary>Requests that wait for it, among the first 64 that wait on the file.</summary>
    public int Waiters { get; init; }
}

/// <summary>A blocked request and what it waits for. An empty list: only requests queued before it.</summary>
public sealed record WaiterReport(LockReport Wanted, IReadOnlyList<LockReport> Blockers);

/// <summary>An NLM peer as seen through one server address.</summary>
/// <param name="CallerName">The name that the client gave itself.</param>
/// <param name="Monitored">A monitor record exists.</param>
/// <param name="State">The NSM state number last seen, odd when up, 0 when unknown.</param>
/// <param name="Idle">Since its last request.</param>
public sealed record HostReport(
    NetAddress Server, NetAddress Client, string CallerName, bool Monitored, int State, long Locks, long Waiters, long Shares, TimeSpan Idle);

/// <summary>A delegation or kernel lease that is held or being recalled. Empty until NFSv4.</summary>
public sealed record LeaseReport(string? Path, FileKey File, string Kind, string Client, NetAddress Server, TimeSpan Age, bool Recalled);

/// <summary>One server address and filesystem of which anything is known.</summary>
/// <param name="State"><c>active</c>, <c>grace</c> or <c>released</c>.</param>
/// <param name="Epoch">Bumped by each release.</param>
/// <param name="Records">Durable client records.</param>
public sealed record ScopeReport(
    NetAddress Server, FsId FileSystem, string? Path, string State, long Epoch, long Records, long Locks, long Waiters, long Shares);

/// <summary>The one-screen summary.</summary>
public sealed record StatusReport(
    string Version, int ProcessId, TimeSpan Uptime, bool Serving, int Threads, IReadOnlyList<NetAddress> Addresses, IReadOnlyList<Listener> Listeners,
    long Connections, long Calls, int Exports, int GraceWindows, long Hosts, long Locks, long Waiters, long Shares, uint NsmState);
