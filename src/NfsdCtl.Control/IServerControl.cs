namespace NfsdCtl.Control;

/// <summary>
/// Everything that an administrator can order. Calls may come from any thread and several at once; each runs to its end
/// before it returns and may block (disk, a slow path lookup). Nothing is thrown for bad input or host failures: those are errors in
/// the outcome, and an outcome with an error has changed nothing.
/// Paths are absolute and decoded; a final symbolic link is followed.
/// </summary>
public interface IServerCommands
{
    /// <summary>Drops all that came in through one server address: locks, shares, waiters, on all filesystems.</summary>
    /// <returns>EINVAL for an address that was never served.</returns>
    Outcome<ReleaseReport> UnlockIp(NetAddress server, Order order);

    /// <summary>Drops all on the filesystem that holds <paramref name="path"/> and closes every descriptor on it.</summary>
    /// <returns>ENOENT, ENOTDIR, EACCES, ELOOP, ENAMETOOLONG from the lookup.</returns>
    Outcome<ReleaseReport> UnlockFileSystem(string path, Order order);

    /// <summary>Drops all that was acquired through one export.</summary>
    /// <returns>The lookup's errors; ENOENT when not exported.</returns>
    Outcome<ReleaseReport> UnlockExport(string path, Order order);

    /// <summary>Opens or extends the window of (server, filesystem of path) and sends SM_NOTIFY to its known clients.</summary>
    /// <param name="path">Null: every exported filesystem.</param>
    /// <param name="seconds">10..3600 (checked by the caller); null: the grace time in force.</param>
    /// <returns>ENOENT: no such path or not exported; ENOSPC: over 1024 windows; EROFS, ENOSPC, EIO from the record's disk.</returns>
    Outcome<ResumeReport> ResumeIp(NetAddress server, string? path, int? seconds, Order order);

    /// <summary>Ends the window of (server, filesystem of path), on disk before it returns.</summary>
    /// <returns>ENOENT: no such window.</returns>
    Outcome<EndGraceReport> EndGrace(NetAddress server, string path, Order order);

    /// <summary>Ends every window; none is no error.</summary>
    Outcome<EndGraceReport> EndAllGrace(Order order);

    /// <summary>Ends NFSv4's part of the boot grace.</summary>
    /// <returns>EBUSY: already ended.</returns>
    Outcome<Done> V4EndGrace(Order order);

    /// <summary>Ends NLM's part of the boot grace.</summary>
    /// <returns>EBUSY: already ended.</returns>
    Outcome<Done> NlmEndGrace(Order order);

    /// <summary>Adds the exports of one exports(5) line at once.</summary>
    /// <returns>EINVAL with the column in the message; ENOENT: no such path.</returns>
    Outcome<ExportReport> Export(string line, Order order);

    /// <summary>Removes one export, or all of the path when <paramref name="client"/> is null.</summary>
    /// <returns>ENOENT: not exported.</returns>
    Outcome<ExportReport> Unexport(string? client, string path, Order order);

    /// <summary>Makes the file handle by which a client of <paramref name="domain"/> knows the path.</summary>
    /// <param name="domain">A client specification of an export, e.g. <c>*</c>.</param>
    /// <param name="maxSize">32..64.</param>
    /// <returns>EPERM: no such path; ENOENT: not exported to that domain; EINVAL: the handle would be longer.</returns>
    Outcome<FileHandleReport> FileHandle(string domain, string path, int maxSize, Order order);

    /// <summary>Removes an NFSv4 client with all its state.</summary>
    /// <returns>ENXIO: there is no such client any more.</returns>
    Outcome<ReleaseReport> ExpireClient(long id, Order order);

    /// <summary>Changes a setting; the range is already checked.</summary>
    /// <returns>EBUSY: not while serving.</returns>
    Outcome<SettingReport> Set(Setting setting, long value, Order order);

    /// <summary>Sets the threads of each pool; fewer numbers than pools leave the others alone.</summary>
    Outcome<PoolThreadsReport> SetPoolThreads(IReadOnlyList<int> threads, Order order);

    /// <summary>Switches protocol versions.</summary>
    /// <param name="versions">The new state of each version that <see cref="IServerQueries.Versions"/> lists; at least one is on.</param>
    /// <returns>EBUSY: not while serving.</returns>
    Outcome<VersionReport> SetVersions(IReadOnlyList<ProtocolVersion> versions, Order order);

    /// <summary>Opens a further listener on all served addresses.</summary>
    /// <param name="transport"><c>tcp</c> or <c>udp</c>.</param>
    /// <returns>EPROTONOSUPPORT, EADDRINUSE, EACCES.</returns>
    Outcome<Done> AddListener(string transport, int port, Order order);
}

/// <summary>
/// Everything that an administrator can ask. A query changes nothing and waits for no client and no disk; each answer is a
/// consistent snapshot.
/// </summary>
public interface IServerQueries
{
    /// <summary>False before the first listener is open and after <c>threads</c> was set to 0.</summary>
    bool IsServing { get; }

    bool IsV4GraceEnded { get; }

    bool IsNlmGraceEnded { get; }

    long Get(Setting setting);

    /// <summary>Every setting of the server as it is in force now, in the order of the settings file's table.</summary>
    IReadOnlyList<SettingEntry> Settings();

    IReadOnlyList<int> PoolThreads();

    /// <summary>Every version that is built, whether on or off.</summary>
    IReadOnlyList<ProtocolVersion> Versions();

    IReadOnlyList<Listener> Listeners();

    IReadOnlyList<ExportEntry> Exports();

    IReadOnlyList<ExportStats> ExportStats();

    IReadOnlyList<PoolStats> PoolStats();

    ReplyCacheStats ReplyCacheStats();

    FileCacheStats FileCacheStats();

    IReadOnlyList<GraceReport> Grace();

    IReadOnlyList<LockReport> Locks();

    IReadOnlyList<WaiterReport> Waiters();

    IReadOnlyList<HostReport> Hosts();

    IReadOnlyList<LeaseReport> Leases();

    IReadOnlyList<ScopeReport> Scopes();

    /// <summary>The numbers of the NFSv4 clients, shown as <c>clients/N/</c>: increasing and not reused.</summary>
    IReadOnlyList<long> Clients();

    /// <summary>The text of <c>info</c> (YAML, the kernel's keys); null when the client is gone.</summary>
    string? ClientInfo(long id);

    /// <summary>The text of <c>states</c>: a line for each stateid; null when the client is gone.</summary>
    string? ClientStates(long id);

    StatusReport Status();
}

/// <summary>The whole administrator's interface of a running server: what the admin files, the tests and the host call.</summary>
public interface IServerControl : IServerCommands, IServerQueries;
