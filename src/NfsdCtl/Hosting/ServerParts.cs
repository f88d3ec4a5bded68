using Microsoft.Extensions.Logging;
using NfsdCtl.Configuration;
using NfsdCtl.Linux;
using NfsdCtl.Network;
using NfsdCtl.Protocols.Effects;
using NfsdCtl.Protocols.Local;
using NfsdCtl.Protocols.Mount;
using NfsdCtl.Protocols.Nfs3;
using NfsdCtl.Protocols.Nfs4;
using NfsdCtl.Protocols.Nlm;
using NfsdCtl.Protocols.Nsm;
using NfsdCtl.State;
using NfsdCtl.State.Replies;
using NfsdCtl.Storage;
using NfsdCtl.Vfs;
using NfsdCtl.Vfs.Exports;
using NfsdCtl.Vfs.FileSystems;
using NfsdCtl.Vfs.Nodes;
using NfsdCtl.Wire.Client;
using NfsdCtl.Wire.Server;

namespace NfsdCtl.Hosting;

/// <param name="Version3">NFSv3.</param>
/// <param name="MinorVersions">Those of NFSv4: bit 0 is 4.0; 0 for none.</param>
public sealed record ServedVersions(bool Version3, uint MinorVersions);

/// <summary>Everything a server is made of, put together once. Nothing here opens a socket, a filesystem or a mount.</summary>
public sealed class ServerParts : IDisposable
{
    /// <summary>Replies remembered for calls that must not run twice.</summary>
    private const int ReplyCapacity = 65_536;

    /// <summary>Files that hold descriptors for local programs' locks at a time.</summary>
    private const int LocalLockFiles = 200_000;

    /// <summary>Threads that wait for local programs to give up a lock; beyond them the wait is by retries.</summary>
    private const int LocalWaitThreads = 8;

    /// <summary>As in svc_age_temp_xprts: Linux clients close what is idle after five minutes themselves.</summary>
    private static readonly TimeSpan MostIdle = TimeSpan.FromMinutes(6);

    private readonly CancellationTokenSource stopping = new();
    private readonly DnsClientNames clientNames;
    private readonly Vfs.FileSystems.MountTable mounts;

    public ServerParts(ServerSettings settings, TimeProvider time, ILoggerFactory logs)
    {
        Settings = settings;
        Time = time;
        var log = logs.CreateLogger("server");
        Action<string> warn = line => log.LogWarning("{Line}", line);

        mounts = new Vfs.FileSystems.MountTable();
        clientNames = new DnsClientNames(time);
        FileSystems = new FileSystemTable(mounts, settings.RecordsDirectory.Length == 0 ? null : settings.RecordsDirectory);
        Exports = new ExportTable(FileSystems, clientNames, DnsClientNames.Resolve, new KeptExportFile(settings.StateDirectory));
        Loader = new ExportsLoader(settings, Exports, logs.CreateLogger<ExportsLoader>());
        Paths = new PathResolver(Exports, mounts);
        Nodes = new NodeCache(new NodeCacheSettings());
        Files = new FileService(Exports, Nodes, mounts, time);

        State = new ServerState(new StateOptions
        {
            Linger = TimeSpan.FromSeconds(settings.ClientLinger),
            Seed = (ulong)Random.Shared.NextInt64(),
            Instance = (uint)Random.Shared.Next(1, int.MaxValue),
            Lease = TimeSpan.FromSeconds(settings.Lease),
            Courtesy = TimeSpan.FromSeconds(settings.Courtesy),
            MaxOperations = (uint)settings.MaxOperations,
            MaxNfs4Clients = settings.MaxClients,
            MaxSessionsPerClient = settings.MaxSessions,
            MaxSlots = settings.MaxSlots,
            // Each open file keeps a descriptor, and half of all are for them.
            MaxStatesPerClient = (int)Math.Min((ulong)settings.MaxOpens, Credentials.RaiseDescriptorLimit() / 4),
            MaxOwnersPerClient = settings.MaxOwners,
            MaxOffloads = settings.MaxCopies,
            // One client leaves room for others.
            MaxOffloadsPerClient = (settings.MaxCopies + 1) / 2,
        }, time);
        Records = new ScopeRecordStore(new RecordPlaces(FileSystems, settings.StateDirectory));
        Addresses = new LocalAddresses();
        Peers = new PeerCalls(new RpcClient(time), Addresses, stopping.Token);
        Notifier = new RebootNotifier(Peers, time, NamesOf);
        LocalLocks = new LocalLocks(State, new VfsLockFiles(Files), time, LocalLockFiles, LocalWaitThreads);
        Effects = new EffectRunner(State, Records, LocalLocks, new GrantCaller(State, Peers), Notifier, time, warn);

        Replies = new ReplyCache(ReplyCapacity, time);
        Nfs = new Nfs3Program(Files, Replies);
        Versions = new ServedVersions(settings.Version3, settings.Version4 ? settings.MinorVersions : 0);
        Copies = new CopyJobs(State, Files, Effects);
        Nfs4 = new Nfs4Program(State, Files, Records, LocalLocks, Effects, Replies, Copies, new Nfs4Options
        {
            MinorVersions = () => Versions.MinorVersions,
            ServerScope = settings.ServerScope,
            MaxOperations = settings.MaxOperations,
            OwnerDomain = settings.OwnerDomain,
            WriteOwnerNames = settings.OwnerNames,
        }, time);
        MountList = new Protocols.Mount.MountTable();
        Mount = new MountProgram(Files, () => Exports.Current.Exports, MountList);
        NlmService = new NlmService(State, new VfsNlmFiles(Files), Records, LocalLocks, Effects, Peers);
        Nlm = new NlmProgram(NlmService);
        NsmService = new NsmService(State, Records, Effects, Peers, time, new Scope(NetAddress.Any, FsId.Any));
        Nsm = new NsmProgram(NsmService);
        Rpc = new RpcServer(TransportOptions(settings), time, (line, bug) => log.LogError(bug, "{Line}", line));
    }

    /// <summary>What is in force; leases and grace periods may change while nothing is served.</summary>
    public ServerSettings Settings { get; set; }

    public TimeProvider Time { get; }

    public FileSystemTable FileSystems { get; }

    public ExportTable Exports { get; }

    public ExportsLoader Loader { get; }

    public PathResolver Paths { get; }

    public NodeCache Nodes { get; }

    public FileService Files { get; }

    public ServerState State { get; }

    public ScopeRecordStore Records { get; }

    public LocalAddresses Addresses { get; }

    public PeerCalls Peers { get; }

    public RebootNotifier Notifier { get; }

    public LocalLocks LocalLocks { get; }

    public EffectRunner Effects { get; }

    public ReplyCache Replies { get; }

    public Nfs3Program Nfs { get; }

    public Nfs4Program Nfs4 { get; }

    /// <summary>Copies that go on after their answer.</summary>
    public CopyJobs Copies { get; }

    /// <summary>Which versions of NFS are served; changed only while the server does not serve.</summary>
    public ServedVersions Versions { get; set; }

    public Protocols.Mount.MountTable MountList { get; }

    public MountProgram Mount { get; }

    public NlmService NlmService { get; }

    public NlmProgram Nlm { get; }

    public NsmService NsmService { get; }

    public NsmProgram Nsm { get; }

    public RpcServer Rpc { get; }

    public void Dispose()
    {
        stopping.Cancel();
        Rpc.Dispose();
        Copies.Dispose();
        Effects.Dispose();
        Notifier.Dispose();
        LocalLocks.Dispose();
        Addresses.Dispose();
        clientNames.Dispose();
        mounts.Dispose();
        stopping.Dispose();
    }

    private static RpcServerOptions TransportOptions(ServerSettings settings)
    {
        // The cache of open files leaves a quarter of the descriptors, and locked files need theirs.
        int descriptors = (int)Math.Min(Credentials.RaiseDescriptorLimit() / 8, int.MaxValue);
        var lease = TimeSpan.FromSeconds(settings.Lease);
        return new RpcServerOptions
        {
            Threads = settings.Threads,
            MaxConnections = Math.Min(settings.MaxConnections, descriptors),
            MaxConnectionsPerClient = settings.MaxConnectionsPerClient,
            // An NFSv4 client is heard of once in a lease, and its back channel is to stay.
            IdleAfter = lease * 2 > MostIdle ? lease * 2 : MostIdle,
        };
    }

    /// <summary>The names by which clients may know a server address: the address itself, then its name.</summary>
    private IReadOnlyList<string> NamesOf(NetAddress address) =>
        Settings.StatdName.Length == 0 ? [address.ToString()] : [address.ToString(), Settings.StatdName];
}
