using NfsdCtl.Linux;
using NfsdCtl.Protocols.Effects;
using NfsdCtl.Protocols.Local;
using NfsdCtl.Protocols.Nlm;
using NfsdCtl.Protocols.Nsm;
using NfsdCtl.State;
using NfsdCtl.State.Release;
using NfsdCtl.Storage;
using NfsdCtl.TestKit.FileSystems;
using NfsdCtl.TestKit.Nfs3;
using NfsdCtl.TestKit.Nlm;
using NfsdCtl.TestKit.Rpc;
using NfsdCtl.Vfs.FileSystems;
using static NfsdCtl.Protocols.Nlm.nlm4_stats;

namespace NfsdCtl.SystemTests.Nlm;

/// <summary>NLM clients and programs of this machine on one real file, in both directions.</summary>
public sealed class LocalProgramTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly NetAddress Server = NetAddress.FromV4(0x7F000001);

    private TestFileSystem fileSystem = null!;
    private Nfs3TestServer nfs = null!;
    private ServerState state = null!;
    private FakePeers peers = null!;
    private LocalLocks local = null!;
    private EffectRunner effects = null!;
    private RebootNotifier notifier = null!;
    private InMemoryChannel channel = null!;
    private NlmClient client = null!;
    private NlmLock file = null!;
    private string path = "";

    [SetUp]
    public void Serve()
    {
        fileSystem = TestFileSystem.Tmpfs("size=1m");
        nfs = new Nfs3TestServer(fileSystem);
        path = Path.Combine(nfs.ExportPath, "file");
        File.WriteAllText(path, "contents");
        // The timer would serve a waiter too, a second later: without it only the waiting thread can.
        state = new ServerState(new StateOptions { LocalRetry = TimeSpan.FromHours(1) }, TimeProvider.System);
        peers = new FakePeers();
        notifier = new RebootNotifier(peers, TimeProvider.System, a => [a.ToString()]);
        local = new LocalLocks(state, new VfsLockFiles(nfs.Files), TimeProvider.System, maxFiles: 16, waitThreads: 2);
        var records = new ScopeRecordStore(new Places(nfs.Exports.FileSystems));
        effects = new EffectRunner(state, records, local, new GrantCaller(state, peers), notifier, TimeProvider.System, _ => { });
        effects.Start();
        channel = InMemoryChannel.Loopback(new NlmProgram(new NlmService(state, new VfsNlmFiles(nfs.Files), records, local, effects, peers)));
        client = new NlmClient(channel);
        file = new NlmLock(nfs.Nfs3.Lookup(nfs.Root, "file").Handle);
    }

    [TearDown]
    public void End()
    {
        channel.Dispose();
        effects.Dispose();
        local.Dispose();
        notifier.Dispose();
        nfs.Dispose();
        fileSystem.Dispose();
    }

    [Test]
    public void A_local_programs_lock_stands_in_a_clients_way_and_its_pid_is_told()
    {
        using (var program = new LocalProgram(path, exclusive: true, 100, 50))
        {
            Assert.That(program.Answer.Result, Is.EqualTo("locked"));
            Assert.That(client.Lock(file with { Offset = 149, Length = 1 }), Is.EqualTo(NLM4_DENIED));
            Assert.That(client.Lock(file with { Offset = 150, Length = 1 }), Is.EqualTo(NLM4_GRANTED));
            var holder = client.Test(file with { Exclusive = false }).Holder!;
            Assert.That((holder.Exclusive, holder.Svid, holder.Offset, holder.Length), Is.EqualTo((true, program.Id, 100ul, 50ul)));
        }
        Assert.That(client.Lock(file), Is.EqualTo(NLM4_GRANTED));
    }

    [Test]
    public void A_clients_lock_stands_in_a_local_programs_way_for_exactly_its_range()
    {
        client.Lock(file with { Offset = 10, Length = 10 });
        client.Lock(file with { Offset = 30, Length = 10, Exclusive = false });
        Assert.That(Try(true, 10, 1), Is.EqualTo("refused"));
        Assert.That(Try(false, 19, 1), Is.EqualTo("refused"));
        Assert.That(Try(true, 20, 10), Is.EqualTo("locked"));
        Assert.That(Try(true, 39, 1), Is.EqualTo("refused"));
        Assert.That(Try(false, 30, 10), Is.EqualTo("locked"), "readers share");
        client.Unlock(file with { Offset = 12, Length = 2 });
        Assert.That(Try(true, 12, 2), Is.EqualTo("locked"));
        Assert.That(Try(true, 11, 1), Is.EqualTo("refused"));
        client.Unlock(file);
        Assert.That(Try(true, 0, 0), Is.EqualTo("locked"));
    }

    [Test]
    public void A_lock_beyond_the_kernels_largest_offset_covers_the_end_of_the_file()
    {
        Assert.That(client.Lock(file with { Offset = long.MaxValue, Length = 1 }), Is.EqualTo(NLM4_GRANTED));
        Assert.That(Try(true, 0, 100), Is.EqualTo("locked"));
        Assert.That(client.Unlock(file), Is.EqualTo(NLM4_GRANTED));
        Assert.That(Try(true, 0, 0), Is.EqualTo("locked"));
    }

    [Test]
    public void A_local_program_that_waits_has_the_lock_when_the_client_gives_it_back()
    {
        client.Lock(file);
        using var program = new LocalProgram(path, exclusive: true, 0, 0, wait: true);
        Assert.That(program.Answer.Wait(TimeSpan.FromMilliseconds(500)), Is.False, "it waits");
        client.Unlock(file);
        Assert.That(program.Answer.Wait(Patience), Is.True);
        Assert.That(client.Lock(file), Is.EqualTo(NLM4_DENIED));
    }

    [Test]
    public void A_client_that_waits_is_granted_when_the_local_program_ends()
    {
        using (new LocalProgram(path, exclusive: true, 0, 0))
        {
            Assert.That(client.Lock(file with { Block = true }), Is.EqualTo(NLM4_BLOCKED));
            Assert.That(peers.Await(1, TimeSpan.FromMilliseconds(300)), Is.False);
        }
        Assert.That(peers.Await(1, Patience), Is.True, "the thread that waits in the kernel tells");
        Assert.That(peers.Calls[0].Procedure, Is.EqualTo(10));
        Assert.That(Try(false, 0, 1), Is.EqualTo("refused"), "the lock is the client's before it is told");
    }

    [Test]
    public void The_filesystem_can_be_unmounted_after_a_release_waits_included()
    {
        client.Lock(file with { Length = 5 });
        using (new LocalProgram(path, exclusive: true, 10, 5))
        {
            Assert.That(client.Lock(file with { Block = true, Offset = 10, Length = 5, Svid = 2 }), Is.EqualTo(NLM4_BLOCKED));
            var list = new EffectList();
            using (var gate = state.Enter(list))
                state.Releases.Release(gate, ReleaseSelector.Of(nfs.Exports.FileSystems.All.Single().Id), dryRun: false);
            effects.RunAll(list);
            local.Release(nfs.Exports.FileSystems.All.Single().Id);
            Assert.That(local.OpenFiles, Is.Zero);
        }
        Assert.That(nfs.Files.ReleaseFileSystem(nfs.Exports.FileSystems.All.Single().Id, Patience), Is.True);
        Assert.That(Mounts.Umount(fileSystem.MountPoint, 0), Is.Zero, $"errno {Errno.Last}");
        TestFileSystem.Run("mount", "-t", "tmpfs", "none", fileSystem.MountPoint);
    }

    [Test]
    public void On_a_full_filesystem_a_new_clients_lock_is_refused_and_nothing_is_left()
    {
        string filler = Path.Combine(fileSystem.MountPoint, "filler");
        TestFileSystem.Run("sh", "-c", $"head -c 4m /dev/zero > {filler} 2>/dev/null || true");
        Assert.That(client.Lock(file), Is.EqualTo(NLM4_DENIED_NOLOCKS));
        Assert.That(Try(true, 0, 0), Is.EqualTo("locked"), "nothing is left in the kernel");
        File.Delete(filler);
        Assert.That(client.Lock(file), Is.EqualTo(NLM4_GRANTED));
    }

    [Test]
    public void A_file_that_was_removed_is_stale()
    {
        File.Delete(path);
        // A descriptor in the cache would keep the file alive.
        nfs.Files.ReleaseFileSystem(nfs.Exports.FileSystems.All.Single().Id, Patience);
        Assert.That(client.Lock(file), Is.EqualTo(NLM4_STALE_FH));
        Assert.That(client.Lock(file with { Block = true }), Is.EqualTo(NLM4_STALE_FH));
    }

    private string? Try(bool exclusive, long start, long length)
    {
        using var program = new LocalProgram(path, exclusive, start, length);
        return program.Answer.Result;
    }

    private sealed class Places(FileSystemTable table) : IRecordPlaces
    {
        public int Open(FsId fileSystem) => table.TryGet(fileSystem)?.OpenRecords() ?? -Errno.ENOENT;
    }
}
