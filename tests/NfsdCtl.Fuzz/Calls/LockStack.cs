using Microsoft.Extensions.Time.Testing;
using NfsdCtl.Protocols.Effects;
using NfsdCtl.Protocols.Local;
using NfsdCtl.Protocols.Nlm;
using NfsdCtl.Protocols.Nsm;
using NfsdCtl.Protocols.Peers;
using NfsdCtl.State;
using NfsdCtl.State.Records;
using NfsdCtl.TestKit.FileSystems;
using NfsdCtl.TestKit.Nfs3;

namespace NfsdCtl.Fuzz.Calls;

/// <summary>NLM and NSM with real state machines over a real tmpfs; clients that never answer, and records that are not kept.</summary>
internal sealed class LockStack : IDisposable
{
    private readonly TestFileSystem fileSystem = TestFileSystem.Tmpfs("size=16m");
    private readonly Nfs3TestServer server;
    private readonly LocalLocks localLocks;
    private readonly EffectRunner effects;
    private readonly RebootNotifier notifier;

    public LockStack()
    {
        server = new Nfs3TestServer(fileSystem);
        var state = new ServerState(new StateOptions(), Time);
        var peers = new SilentPeers();
        var records = new NoRecords();
        localLocks = new LocalLocks(state, new VfsLockFiles(server.Files), Time, maxFiles: 256, waitThreads: 2);
        notifier = new RebootNotifier(peers, Time, _ => []);
        effects = new EffectRunner(state, records, localLocks, new GrantCaller(state, peers), notifier, Time, _ => { });
        Nlm = new NlmProgram(new NlmService(state, new VfsNlmFiles(server.Files), records, localLocks, effects, peers));
        Nsm = new NsmProgram(new NsmService(state, records, effects, peers, Time, default));
        Handles = [server.Root, Handle("one"), Handle("two")];
    }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    public NlmProgram Nlm { get; }

    public NsmProgram Nsm { get; }

    public IReadOnlyList<byte[]> Handles { get; }

    public void Dispose()
    {
        effects.Dispose();
        localLocks.Dispose();
        notifier.Dispose();
        server.Dispose();
        fileSystem.Dispose();
    }

    private byte[] Handle(string name)
    {
        File.WriteAllBytes(Path.Combine(server.ExportPath, name), [1]);
        return server.Nfs3.Lookup(server.Root, name).Handle;
    }

    private sealed class SilentPeers : IPeerCalls
    {
        public void Start(PeerCall call, PeerAnswer? answer) => answer?.Invoke(PeerOutcome.NoAnswer, default);

        public bool IsLocal(NetAddress address) => true;
    }

    private sealed class NoRecords : IScopeRecords
    {
        private uint state = 1;

        public RecordStatus Addresses(FsId fileSystem, out IReadOnlyList<NetAddress> addresses)
        {
            addresses = [];
            return RecordStatus.Ok;
        }

        public RecordStatus Load(Scope scope, out ScopeRecord record)
        {
            record = ScopeRecord.Empty;
            return RecordStatus.Ok;
        }

        public RecordStatus Remember(Scope scope, ClientRecord client) => RecordStatus.Ok;

        public RecordStatus Forget(Scope scope, ClientName client) => RecordStatus.Ok;

        public RecordStatus Forfeit(Scope scope, ClientName client) => RecordStatus.Ok;

        public RecordStatus NoteHeld(Scope scope, ClientName client, long held) => RecordStatus.Ok;

        public RecordStatus OpenWindow(Scope scope, WindowRecord window) => RecordStatus.Ok;

        public RecordStatus EndWindow(Scope scope, IReadOnlyList<ClientName> gone, IReadOnlyList<ClientName> forfeited) => RecordStatus.Ok;

        public RecordStatus NextNsmState(Scope scope, uint above, out uint state)
        {
            state = this.state = (Math.Max(this.state, above) + 2) | 1;
            return RecordStatus.Ok;
        }

        public void Release(FsId fileSystem)
        {
        }
    }
}
