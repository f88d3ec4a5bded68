using NfsdCtl.Protocols.Nfs4;
using NfsdCtl.State;
using NfsdCtl.State.Nfs4;
using NfsdCtl.State.Release;
using NfsdCtl.TestKit.FileSystems;
using NfsdCtl.TestKit.Nfs4;
using NfsdCtl.TestKit.Rpc;
using NfsdCtl.Wire.Xdr;
using static NfsdCtl.Protocols.Nfs4.nfs_opnum4;

namespace NfsdCtl.SystemTests.Nfs4;

/// <summary>
/// COPY that goes on after its answer, on an ext4 of its own. Where a test wants one under way, the filesystem is frozen: writing waits then, and nothing
/// else does.
/// </summary>
[TestFixture]
[NonParallelizable]
public sealed class AsynchronousCopyTests
{
    private const nfsstat4 Ok = nfsstat4.NFS4_OK;
    private const int Size = 24 << 20;

    /// <summary>SEQUENCE, and three operations without a body.</summary>
    private const int BeforeCopy = 8 + 36 + 3 * 8;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private TestFileSystem fileSystem = null!;
    private Nfs4TestServer server = null!;
    private FakeBackChannel way = null!;
    private Nfs4SessionClient client = null!;
    private bool frozen;

    private string ExportPath => server.Nfs3.ExportPath;

    [SetUp]
    public void Start()
    {
        if (Environment.UserName != "root")
            Assert.Ignore("needs root: mounts filesystems");
        fileSystem = TestFileSystem.Ext4();
        server = new Nfs4TestServer(fileSystem, new Nfs4Options { CopyAtOnce = 1 << 20 });
        way = new FakeBackChannel();
        server.Channel.WayBack = way;
        client = new Nfs4SessionClient(server.Channel, "copier", 2, new SessionWishes { BackChannel = true });
        byte[] content = new byte[Size];
        new Random(1).NextBytes(content);
        File.WriteAllBytes(Path.Combine(ExportPath, "from"), content);
        File.WriteAllBytes(Path.Combine(ExportPath, "to"), []);
    }

    [TearDown]
    public void Stop()
    {
        if (frozen)
            Thaw();
        server?.Dispose();
        fileSystem?.Dispose();
    }

    [Test]
    public void A_long_copy_is_answered_at_once_and_its_end_is_told()
    {
        var (stateId, verifier) = Begin();
        AwaitTold();
        var told = way.Offload(0);
        Assert.That((told.StateId, told.Status, told.Count, told.Verifier), Is.EqualTo((stateId, Ok, (ulong)Size, verifier)));
        Assert.That(told.Handle, Is.EqualTo(Handle("to")));
        Assert.That(told.RefersTo.Session, Is.EqualTo(SessionId.Read(client.Session)));
        Assert.That(File.ReadAllBytes(Path.Combine(ExportPath, "to")), Is.EqualTo(File.ReadAllBytes(Path.Combine(ExportPath, "from"))));
        Assert.That(Status(stateId), Is.EqualTo((Ok, (ulong)Size, (nfsstat4?)Ok)));
        way.Answer(Ok);
        Assert.That(Status(stateId).Status, Is.EqualTo(nfsstat4.NFS4ERR_BAD_STATEID));
    }

    [Test]
    public void What_is_cancelled_ends_and_its_end_is_not_told()
    {
        Freeze();
        var (stateId, _) = Begin();
        Assert.That(Status(stateId), Is.EqualTo((Ok, 0UL, (nfsstat4?)null)));
        Assert.That(On("to", OP_OFFLOAD_CANCEL, stateId).Status, Is.EqualTo(Ok));
        Assert.That(Status(stateId).Status, Is.EqualTo(nfsstat4.NFS4ERR_BAD_STATEID));
        Assert.That(On("to", OP_OFFLOAD_CANCEL, stateId).Status, Is.EqualTo(nfsstat4.NFS4ERR_BAD_STATEID));
        Thaw();
        AssertLetGo();
        Assert.That(new FileInfo(Path.Combine(ExportPath, "to")).Length, Is.LessThan(Size));
        Assert.That(way.Calls, Is.Empty);
    }

    [Test]
    public void A_filesystem_that_is_released_is_let_go_and_the_client_is_told_how_far_the_copy_came()
    {
        Freeze();
        var (stateId, _) = Begin();
        Release(ReleaseSelector.Of(server.Nfs3.Exports.FileSystems.All.Single().Id));
        Assert.That(Status(stateId).Complete, Is.EqualTo(nfsstat4.NFS4ERR_ADMIN_REVOKED));
        Thaw();
        AssertLetGo();
        // Unmounts it, and not lazily.
        fileSystem.MoveTo("elsewhere");
        AwaitTold();
        var told = way.Offload(0);
        Assert.That((told.StateId, told.Status), Is.EqualTo((stateId, nfsstat4.NFS4ERR_ADMIN_REVOKED)));
        Assert.That(told.Count, Is.LessThan((ulong)Size).And.EqualTo((ulong)new FileInfo(Path.Combine(ExportPath, "to")).Length));
    }

    [Test]
    public void A_copy_ends_with_its_client()
    {
        Freeze();
        Begin();
        var effects = new EffectList();
        using (var gate = server.State.Enter(effects))
            Assert.That(server.State.Nfs4.Clients.Expire(gate, (uint)client.ClientId, out _));
        Thaw();
        AssertLetGo();
        Assert.That(new FileInfo(Path.Combine(ExportPath, "to")).Length, Is.LessThan(Size));
        Assert.That(way.Calls, Is.Empty);
    }

    [Test]
    public void A_full_disk_is_told_with_what_there_was_room_for()
    {
        using (var filler = File.Create(Path.Combine(fileSystem.MountPoint, "filler")))
            filler.Write(new byte[(int)(new DriveInfo(fileSystem.MountPoint).AvailableFreeSpace - (10 << 20))]);
        server.Channel.User = new TestUser(1000, 1000);
        File.SetUnixFileMode(Path.Combine(ExportPath, "to"), (UnixFileMode)0x1B6);
        Begin();
        AwaitTold();
        var told = way.Offload(0);
        Assert.That(told.Status, Is.EqualTo(nfsstat4.NFS4ERR_NOSPC));
        Assert.That(told.Count, Is.InRange(4UL << 20, 12UL << 20));
    }

    [Test]
    public void What_is_not_allowed_is_answered_and_not_told()
    {
        server.Channel.User = new TestUser(1000, 1000);
        Assert.That(Copy(0, 0, 0, synchronous: false).Status, Is.EqualTo(nfsstat4.NFS4ERR_ACCESS));
        server.Channel.User = TestUser.Root;
        Assert.That(Copy(0, 0, Size + 1, synchronous: false).Status, Is.EqualTo(nfsstat4.NFS4ERR_INVAL));
        Assert.That(Copy(0, 6 << 20, 12 << 20, synchronous: false, "from", "from").Status, Is.EqualTo(nfsstat4.NFS4ERR_INVAL), "the ranges overlap");
        Assert.That(way.Calls, Is.Empty);
    }

    [Test]
    public void A_client_that_waits_and_one_that_has_no_back_channel_get_the_whole_copy_with_the_answer()
    {
        Assert.That(ReadBegun(Copy(0, 0, 0, synchronous: true)), Is.EqualTo((false, (ulong)Size, true)));
        Assert.That(ReadBegun(Copy(0, 0, 1 << 20, synchronous: false)), Is.EqualTo((false, 1UL << 20, true)), "short");
        server.Channel.WayBack = null;
        client = new Nfs4SessionClient(server.Channel, "mute", 2);
        Assert.That(ReadBegun(Copy(0, 0, 0, synchronous: false)), Is.EqualTo((false, (ulong)Size, true)));
    }

    [Test]
    public void Beyond_the_limit_copies_are_made_before_the_answer()
    {
        Freeze();
        int most = new StateOptions().MaxOffloadsPerClient;
        for (int i = 0; i < most; i++)
            Begin();
        Thaw();
        Assert.That(ReadBegun(Copy(0, 0, 0, synchronous: false)), Is.EqualTo((false, (ulong)Size, true)));
        Assert.That(SpinWait.SpinUntil(() => way.Calls.Count == most, Patience));
        for (int i = 0; i < most; i++)
            way.Answer(Ok);
        Begin();
    }

    private (StateId StateId, ulong Verifier) Begin()
    {
        var result = Copy(0, 0, 0, synchronous: false);
        Assert.That(result.Status, Is.EqualTo(Ok));
        var reader = Behind(result);
        Assert.That(reader.U32(), Is.EqualTo(1), "a stateid");
        var stateId = StateId.Read(reader.Fixed(StateId.Size));
        Assert.That((reader.U64(), reader.U32()), Is.EqualTo((0UL, (uint)stable_how4.UNSTABLE4)));
        ulong verifier = reader.U64();
        Assert.That((reader.Bool(), reader.Bool(), reader.Failed, reader.Remaining), Is.EqualTo((true, false, false, 0)), "consecutive, not synchronous");
        return (stateId, verifier);
    }

    private static (bool Goes, ulong Count, bool Synchronous) ReadBegun(CompoundResult result)
    {
        Assert.That(result.Status, Is.EqualTo(Ok));
        var reader = Behind(result);
        bool goes = reader.Bool();
        ulong count = reader.U64();
        reader.U32();
        reader.U64();
        reader.Bool();
        bool synchronous = reader.Bool();
        Assert.That((reader.Failed, reader.Remaining), Is.EqualTo((false, 0)));
        return (goes, count, synchronous);
    }

    private static XdrReader Behind(CompoundResult result) => new(result.Body.AsSpan(BeforeCopy + 8));

    private CompoundResult Copy(ulong from, ulong to, ulong count, bool synchronous, string source = "from", string target = "to")
    {
        byte[] sourceHandle = Handle(source), targetHandle = Handle(target);
        return client.Try(client.Compound().PutFh(sourceHandle).Add(OP_SAVEFH).PutFh(targetHandle).Add(OP_COPY, (ref XdrWriter w) =>
        {
            w.Fixed(new byte[2 * StateId.Size]);
            w.U64(from);
            w.U64(to);
            w.U64(count);
            w.Bool(true);
            w.Bool(synchronous);
            w.U32(0);
        }));
    }

    private (nfsstat4 Status, ulong Copied, nfsstat4? Complete) Status(StateId stateId)
    {
        var result = On("to", OP_OFFLOAD_STATUS, stateId);
        if (result.Status != Ok)
            return (result.Status, 0, null);
        var reader = new XdrReader(result.Body.AsSpan(8 + 36 + 8 + 8));
        ulong copied = reader.U64();
        nfsstat4? complete = reader.Bool() ? (nfsstat4)reader.U32() : null;
        Assert.That((reader.Failed, reader.Remaining), Is.EqualTo((false, 0)));
        return (result.Status, copied, complete);
    }

    private CompoundResult On(string name, nfs_opnum4 operation, StateId stateId)
    {
        byte[] handle = Handle(name);
        return client.Try(client.Compound().PutFh(handle).Add(operation, (ref XdrWriter w) => stateId.Write(w.Take(StateId.Size))));
    }

    private byte[] Handle(string name)
    {
        var reader = client.Send(client.Compound().PutFh(server.Nfs3.Root).Lookup(name).Add(OP_GETFH)).Reader;
        reader.Fixed(8 + 36 + 8 + 8 + 8);
        return reader.Opaque(128).ToArray();
    }

    private void Release(ReleaseSelector selector)
    {
        var effects = new EffectList();
        using var gate = server.State.Enter(effects);
        server.State.Releases.Release(gate, selector, dryRun: false);
    }

    private void AssertLetGo() =>
        Assert.That(server.Nfs3.Files.ReleaseFileSystem(server.Nfs3.Exports.FileSystems.All.Single().Id, Patience), "descriptors are left");

    private void AwaitTold() => Assert.That(SpinWait.SpinUntil(() => way.Calls.Count > 0, Patience), "CB_OFFLOAD");

    private void Freeze()
    {
        TestFileSystem.Run("fsfreeze", "-f", fileSystem.MountPoint);
        frozen = true;
    }

    private void Thaw()
    {
        TestFileSystem.Run("fsfreeze", "-u", fileSystem.MountPoint);
        frozen = false;
    }
}
