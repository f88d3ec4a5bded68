using Microsoft.Extensions.Time.Testing;
using NfsdCtl.Linux;
using NfsdCtl.Protocols.Effects;
using NfsdCtl.Protocols.Local;
using NfsdCtl.Protocols.Nfs4;
using NfsdCtl.Protocols.Nlm;
using NfsdCtl.Protocols.Nsm;
using NfsdCtl.State;
using NfsdCtl.Storage;
using NfsdCtl.TestKit.FileSystems;
using NfsdCtl.TestKit.Nfs3;
using NfsdCtl.TestKit.Nlm;
using NfsdCtl.TestKit.Rpc;
using NfsdCtl.Vfs.FileSystems;

namespace NfsdCtl.TestKit.Nfs4;

/// <summary>The NFSv4 program over a real filesystem and a clock that stands still, called in memory.</summary>
public sealed class Nfs4TestServer : IDisposable
{
    private readonly LocalLocks localLocks;
    private readonly EffectRunner effects;
    private readonly CopyJobs copies;
    private readonly RebootNotifier notifier;

    /// <param name="fileSystem">Where the files are; not disposed here.</param>
    public Nfs4TestServer(TestFileSystem fileSystem, Nfs4Options? options = null)
    {
        Nfs3 = new Nfs3TestServer(fileSystem);
        State = new ServerState(new StateOptions(), Time);
        var peers = new FakePeers();
        var records = new ScopeRecordStore(new Places(Nfs3.Exports.FileSystems));
        localLocks = new LocalLocks(State, new VfsLockFiles(Nfs3.Files), Time, maxFiles: 64, waitThreads: 1);
        notifier = new RebootNotifier(peers, Time, _ => []);
        effects = new EffectRunner(State, records, localLocks, new GrantCaller(State, peers), notifier, Time, Warnings.Add);
        copies = new CopyJobs(State, Nfs3.Files, effects);
        copies.Start(new StateOptions().MaxOffloads);
        Program = new Nfs4Program(State, Nfs3.Files, records, localLocks, effects, Nfs3.Replies, copies, options ?? new Nfs4Options(), Time);
        Channel = InMemoryChannel.Loopback(Program);
    }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    /// <summary>The same files through the other version.</summary>
    public Nfs3TestServer Nfs3 { get; }

    public ServerState State { get; }

    public Nfs4Program Program { get; }

    public InMemoryChannel Channel { get; }

    public List<string> Warnings { get; } = [];

    public void Dispose()
    {
        Channel.Dispose();
        copies.Dispose();
        effects.Dispose();
        notifier.Dispose();
        localLocks.Dispose();
        Nfs3.Dispose();
    }

    private sealed class Places(FileSystemTable table) : IRecordPlaces
    {
        public int Open(FsId fileSystem) => table.TryGet(fileSystem)?.OpenRecords() ?? -Errno.ENOENT;
    }
}
