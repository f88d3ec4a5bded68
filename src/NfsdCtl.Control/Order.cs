namespace NfsdCtl.Control;

/// <summary>Who orders: the process and user that wrote to an admin file, for the audit log and for relative paths.</summary>
public readonly record struct Caller(int Pid, uint Uid, uint Gid);

/// <summary>
/// What accompanies every order. With <see cref="DryRun"/> nothing is changed and the answer holds the counts that would be;
/// an error that the real order would give is given too. <see cref="Cancellation"/> is signalled when the caller no longer waits
/// (^C in the shell): an order that has not changed anything yet may then end with EINTR, one that has goes on to its end.
/// </summary>
public readonly record struct Order(Caller Caller, bool DryRun, CancellationToken Cancellation = default);

/// <summary>What a release took away. With <see cref="Order.DryRun"/>: what it would take.</summary>
/// <param name="Target">What it was taken from, as it was understood: the canonical address, the resolved path, the number of the client.</param>
/// <param name="Locks">Byte-range locks (ranges).</param>
/// <param name="Waiters">Blocked requests that were dropped.</param>
/// <param name="Shares">NLM share reservations.</param>
/// <param name="Opens">NFSv4 opens.</param>
/// <param name="Delegations">NFSv4 delegations; 0 while none are given.</param>
/// <param name="Sessions">NFSv4 sessions.</param>
/// <param name="Clients">Clients (hosts) that lost something.</param>
/// <param name="Elapsed">How long it took.</param>
public sealed record ReleaseReport(
    string Target, long Locks, long Waiters, long Shares, long Opens, long Delegations, long Sessions, long Clients, TimeSpan Elapsed);

/// <summary>One window opened or extended by resume_ip.</summary>
/// <param name="FileSystem">The path that was named, or the root of the exported filesystem.</param>
/// <param name="Seconds">From now to the window's end, after an extension.</param>
/// <param name="KnownClients">Clients on record for this scope.</param>
/// <param name="Notified">Clients to which SM_NOTIFY goes out.</param>
public sealed record ResumedWindow(NetAddress Server, string FileSystem, int Seconds, int KnownClients, int Notified);

/// <summary>The windows of one resume_ip: one, or one per exported filesystem when no path was named.</summary>
public sealed record ResumeReport(IReadOnlyList<ResumedWindow> Windows);

/// <summary>The windows ended by an order.</summary>
public sealed record EndGraceReport(int Windows);

/// <summary>Export lines that an order added or removed, in the spelling of the <c>exports</c> report.</summary>
public sealed record ExportReport(IReadOnlyList<string> Exports);

/// <summary>A file handle as it travels on the wire, 1..64 bytes.</summary>
public sealed record FileHandleReport(ReadOnlyMemory<byte> Handle);

/// <summary>The value of a setting after an order.</summary>
public sealed record SettingReport(long Value);

/// <summary>Worker threads per pool after an order.</summary>
public sealed record PoolThreadsReport(IReadOnlyList<int> Threads);

/// <summary>The protocol versions and whether each is offered.</summary>
public sealed record VersionReport(IReadOnlyList<ProtocolVersion> Versions);

/// <summary>An order that has nothing to report was carried out.</summary>
public sealed record Done
{
    public static Done Instance { get; } = new();
}

/// <summary>A version of NFS in the <c>versions</c> file; <paramref name="Minor"/> is null for the whole major version.</summary>
public readonly record struct ProtocolVersion(int Major, int? Minor, bool On);

/// <summary>The numeric settings.</summary>
public enum Setting
{
    /// <summary>Worker threads of the server, 0..65535; 0 stops serving.</summary>
    Threads,

    /// <summary>NFSv4 lease time in seconds, 10..3600; not while serving.</summary>
    LeaseTime,

    /// <summary>The length of a grace period in seconds, 10..3600; not while serving.</summary>
    GraceTime,

    /// <summary>The largest READ and WRITE in bytes, a multiple of 1024 from 1024 to 1048576; not while serving.</summary>
    MaxBlockSize,
}
