using NfsdCtl.Control;
using NfsdCtl.Linux;

namespace NfsdCtl.TestKit.Control;

/// <summary>
/// An administrator's interface with nothing behind it: it notes each order and answers from what the test has put in. Thread-safe as long as the
/// test sets it up beforehand.
/// </summary>
public sealed class FakeServerControl : IServerControl
{
    private readonly List<string> orders = [];
    private readonly Dictionary<Setting, long> settings = new()
    {
        [Setting.Threads] = 32,
        [Setting.LeaseTime] = 90,
        [Setting.GraceTime] = 90,
        [Setting.MaxBlockSize] = 1048576,
    };

    /// <summary>What was ordered, as <c>UnlockIp 10.0.0.1</c>, with a leading <c>dry </c> for a dry run.</summary>
    public IReadOnlyList<string> Orders
    {
        get
        {
            lock (orders)
                return [.. orders];
        }
    }

    public Order LastOrder { get; private set; }

    /// <summary>Addresses that calls came in through.</summary>
    public HashSet<NetAddress> Served { get; } = [];

    /// <summary>Given to every order instead of an answer.</summary>
    public ControlError? Refusal { get; set; }

    /// <summary>Runs inside every order; may wait, or throw.</summary>
    public Func<string, Order, ControlError?> During { get; set; } = (_, _) => null;

    public List<ExportEntry> ExportList { get; } = [];

    public List<GraceReport> GraceList { get; } = [];

    public List<LockReport> LockList { get; } = [];

    public List<WaiterReport> WaiterList { get; } = [];

    public List<HostReport> HostList { get; } = [];

    public List<ScopeReport> ScopeList { get; } = [];

    public List<ClientReport> ClientList { get; } = [];

    public List<SettingEntry> SettingList { get; } = [];

    public List<Listener> ListenerList { get; } = [new("tcp", default, 2049), new("udp", default, 2049)];

    public List<ProtocolVersion> VersionList { get; private set; } = [new(3, null, true)];

    public List<int> PoolThreadList { get; } = [16, 16];

    public bool IsServing { get; set; } = true;

    public bool IsV4GraceEnded { get; set; } = true;

    public bool IsNlmGraceEnded { get; set; } = true;

    public Outcome<ReleaseReport> UnlockIp(NetAddress server, Order order) => Do<ReleaseReport>($"UnlockIp {server}", order, () =>
        Served.Contains(server) ? Release(server.ToString()) : ControlError.Invalid($"{server} was never served; an address of the server is meant"));

    public Outcome<ReleaseReport> UnlockFileSystem(string path, Order order) => Do<ReleaseReport>($"UnlockFileSystem {path}", order, () => Release(path));

    public Outcome<ReleaseReport> UnlockExport(string path, Order order) => Do<ReleaseReport>($"UnlockExport {path}", order, () => Release(path));

    public Outcome<ResumeReport> ResumeIp(NetAddress server, string? path, int? seconds, Order order) =>
        Do<ResumeReport>($"ResumeIp {server} {path ?? "-"} {seconds?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "-"}", order, () =>
            new ResumeReport([new(server, path ?? "/srv", seconds ?? 90, 2, 1)]));

    public Outcome<EndGraceReport> EndGrace(NetAddress server, string path, Order order) =>
        Do<EndGraceReport>($"EndGrace {server} {path}", order, () => new EndGraceReport(1));

    public Outcome<EndGraceReport> EndAllGrace(Order order) => Do<EndGraceReport>("EndAllGrace", order, () => new EndGraceReport(3));

    public Outcome<Done> V4EndGrace(Order order) => Do<Done>("V4EndGrace", order, () => End(IsV4GraceEnded, () => IsV4GraceEnded = true));

    public Outcome<Done> NlmEndGrace(Order order) => Do<Done>("NlmEndGrace", order, () => End(IsNlmGraceEnded, () => IsNlmGraceEnded = true));

    public Outcome<ExportReport> Export(string line, Order order) => Do<ExportReport>($"Export {line}", order, () => new ExportReport([line]));

    public Outcome<ExportReport> Unexport(string? client, string path, Order order) =>
        Do<ExportReport>($"Unexport {client ?? "-"} {path}", order, () => new ExportReport([path]));

    public Outcome<FileHandleReport> FileHandle(string domain, string path, int maxSize, Order order) =>
        Do<FileHandleReport>($"FileHandle {domain} {path} {maxSize}", order, () => new FileHandleReport(new byte[] { 1, 0xAB }));

    public Outcome<ReleaseReport> ExpireClient(long id, Order order) => Do<ReleaseReport>($"ExpireClient {id}", order, () =>
        ClientList.RemoveAll(c => c.Id == id) > 0 ? Release(id.ToString(System.Globalization.CultureInfo.InvariantCulture)) : new ControlError(Errno.ENXIO, "no such client"));

    public Outcome<SettingReport> Set(Setting setting, long value, Order order) => Do<SettingReport>($"Set {setting} {value}", order, () =>
    {
        settings[setting] = order.DryRun ? settings[setting] : value;
        return new SettingReport(value);
    });

    public Outcome<PoolThreadsReport> SetPoolThreads(IReadOnlyList<int> threads, Order order) =>
        Do<PoolThreadsReport>($"SetPoolThreads {string.Join(' ', threads)}", order, () => new PoolThreadsReport(threads));

    public Outcome<VersionReport> SetVersions(IReadOnlyList<ProtocolVersion> versions, Order order) => Do<VersionReport>("SetVersions", order, () =>
    {
        VersionList = [.. versions];
        return new VersionReport(versions);
    });

    public Outcome<Done> AddListener(string transport, int port, Order order) => Do<Done>($"AddListener {transport} {port}", order, () => Done.Instance);

    public long Get(Setting setting) => settings[setting];

    public IReadOnlyList<SettingEntry> Settings() => SettingList;

    public IReadOnlyList<int> PoolThreads() => PoolThreadList;

    public IReadOnlyList<ProtocolVersion> Versions() => VersionList;

    public IReadOnlyList<Listener> Listeners() => ListenerList;

    public IReadOnlyList<ExportEntry> Exports() => ExportList;

    public IReadOnlyList<ExportStats> ExportStats() =>
        [.. ExportList.Select(e => new ExportStats(e.Path, e.Client, DateTimeOffset.FromUnixTimeSeconds(1700000000), 1, 2, 3))];

    public IReadOnlyList<PoolStats> PoolStats() => [new(0, 10, 2, 3, 0), new(1, 20, 4, 5, 0)];

    public ReplyCacheStats ReplyCacheStats() => new(1024, 5, 64, 4096, 7, 8, 9, 0, 2, 3);

    public FileCacheStats FileCacheStats() => new(1, 2, 3, 4, 5, 6, 0, 7, null);

    public IReadOnlyList<GraceReport> Grace() => GraceList;

    public IReadOnlyList<LockReport> Locks() => LockList;

    public IReadOnlyList<WaiterReport> Waiters() => WaiterList;

    public IReadOnlyList<HostReport> Hosts() => HostList;

    public IReadOnlyList<LeaseReport> Leases() => [];

    public IReadOnlyList<ScopeReport> Scopes() => ScopeList;

    public IReadOnlyList<long> Clients() => [.. ClientList.Select(c => c.Id)];

    public string? ClientInfo(long id) => ClientList.Find(c => c.Id == id)?.Info;

    public string? ClientStates(long id) => ClientList.Find(c => c.Id == id)?.States;

    public StatusReport Status() => new(
        "0.1.0", 4711, TimeSpan.FromSeconds(61.5), IsServing, 32, [NetAddress.FromV4(0x0A000001)], ListenerList, 3, 1000, ExportList.Count, GraceList.Count,
        HostList.Count, LockList.Count, WaiterList.Count, 0, 7);

    private static ReleaseReport Release(string target) => new(target, 3, 2, 1, 0, 0, 0, 1, TimeSpan.FromMilliseconds(1.5));

    private static Outcome<Done> End(bool ended, Action end)
    {
        if (ended)
            return ControlError.Busy("already ended");
        end();
        return Done.Instance;
    }

    private Outcome<T> Do<T>(string what, Order order, Func<Outcome<T>> answer)
        where T : class
    {
        lock (orders)
            orders.Add(order.DryRun ? "dry " + what : what);
        LastOrder = order;
        if ((Refusal ?? During(what, order)) is { } error)
            return error;
        return answer();
    }
}

/// <summary>An NFSv4 client with the texts of its files.</summary>
public sealed record ClientReport(long Id, string Info, string States);
