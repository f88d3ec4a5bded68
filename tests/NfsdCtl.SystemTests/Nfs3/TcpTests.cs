using System.Net;
using NfsdCtl.Protocols.Nfs3;
using NfsdCtl.TestKit.Nfs3;
using NfsdCtl.TestKit.Rpc;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Server;

namespace NfsdCtl.SystemTests.Nfs3;

/// <summary>NFSv3 over a real connection, where long reads do not pass through the server's memory.</summary>
public class TcpTests(string type) : Nfs3TestBase(type)
{
    private RpcServer transport = null!;
    private TcpChannel channel = null!;
    private Nfs3Client remote = null!;

    [SetUp]
    public void Listen()
    {
        transport = new RpcServer(new RpcServerOptions(), TimeProvider.System, (line, e) => TestContext.Out.WriteLine($"{line} {e}"));
        var endpoint = transport.Listen(NetAddress.FromV4(0x7F00_0001), 0, Transport.Tcp, Server.Nfs)[0];
        transport.Start();
        channel = new TcpChannel(new IPEndPoint(IPAddress.Loopback, endpoint.Port));
        remote = new Nfs3Client(channel);
    }

    [TearDown]
    public void Close()
    {
        channel.Dispose();
        transport.Stop(TimeSpan.FromSeconds(5));
        transport.Dispose();
    }

    private static byte[] Pattern(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i * 2654435761L >> 13))];

    [Test]
    public void Reads_of_every_size_have_the_files_bytes(
        [Values(0u, 1u, 4096u, 16383u, 16384u, 16385u, 65536u, 100_003u, 1u << 20)] uint count, [Values(0ul, 1ul, 4095ul, 131_071ul)] ulong offset)
    {
        byte[] contents = Pattern(1_200_001);
        byte[] file = FileOf("f", contents);
        var data = new List<byte>();
        // A read may be short (a pipe holds pages, not bytes); it is never wrong, and never empty before the end.
        while (data.Count < count && offset + (ulong)data.Count < (ulong)contents.Length)
        {
            var part = remote.Read(file, offset + (ulong)data.Count, count - (uint)data.Count);
            Assert.That(part.Status, Is.EqualTo(Ok));
            Assert.That(part.Data, Has.Length.EqualTo(part.Count).And.Not.Empty);
            Assert.That(part.EndOfFile, Is.EqualTo(offset + (ulong)data.Count + part.Count == (ulong)contents.Length));
            data.AddRange(part.Data);
        }
        int expected = (int)Math.Min(count, (ulong)contents.Length - offset);
        Assert.That(data.ToArray().AsSpan().SequenceEqual(contents.AsSpan((int)offset, expected)), Is.True);
    }

    [Test]
    public void A_read_across_the_end_and_behind_it()
    {
        byte[] file = FileOf("f", Pattern(50_000));
        var across = remote.Read(file, 20_000, 1 << 20);
        Assert.That((across.Count, across.EndOfFile), Is.EqualTo((30_000u, true)));
        var behind = remote.Read(file, 50_000, 1 << 20);
        Assert.That((behind.Status, behind.Count, behind.EndOfFile), Is.EqualTo((Ok, 0u, true)));
        Assert.That(remote.GetAttr(file).Attributes.size, Is.EqualTo(50_000), "the connection is in step afterwards");
    }

    [Test]
    public void A_hole_reads_as_zeros()
    {
        byte[] file = FileOf("f", []);
        Assert.That(remote.SetAttr(file, Nfs3Client.Set(size: 1 << 20)).Status, Is.EqualTo(Ok));
        Assert.That(remote.Read(file, 100, 500_000).Data, Is.All.Zero);
    }

    [Test]
    public void A_long_write_comes_back([Values] stable_how stable)
    {
        byte[] contents = Pattern(1 << 20);
        byte[] file = FileOf("f", []);
        Assert.That(remote.Write(file, 0, contents, stable).Count, Is.EqualTo(1 << 20));
        Assert.That(File.ReadAllBytes(Path.Combine(DirPath, "f")).AsSpan().SequenceEqual(contents), Is.True);
    }

    [Test]
    public void Users_do_not_mix_on_one_connection()
    {
        for (uint uid = 1001; uid < 1021; uid++)
        {
            channel.User = new(uid, uid);
            Assert.That(remote.Create(Dir, $"f{uid}").Object.attributes.uid, Is.EqualTo(uid));
        }
        channel.User = TestUser.Root;
        Assert.That(remote.Create(Dir, "root").Object.attributes.uid, Is.Zero);
    }

    [Test]
    public void A_failure_after_a_spliced_read_leaves_nothing_behind()
    {
        byte[] file = FileOf("f", Pattern(100_000));
        for (int i = 0; i < 20; i++)
        {
            Assert.That(remote.Read(file, 0, 65536).Count, Is.EqualTo(65536));
            Assert.That(remote.Read(Dir, 0, 65536).Status, Is.Not.EqualTo(Ok));
            Assert.That(remote.Lookup(Dir, "none").Status, Is.EqualTo(nfsstat3.NFS3ERR_NOENT));
        }
    }

    [Test]
    public void What_was_answered_survives_a_power_failure()
    {
        if (FileSystem.Type != "ext4")
            Assert.Ignore("a filesystem in memory survives nothing");
        Assert.That(remote.MkDir(Dir, "kept").Status, Is.EqualTo(Ok));
        Assert.That(remote.Create(Dir, "f").Status, Is.EqualTo(Ok));
        Assert.That(remote.Rename(Dir, "f", Dir, "g").Status, Is.EqualTo(Ok));
        var data = new Dictionary<string, byte[]>();
        foreach (var stable in Enum.GetValues<stable_how>())
        {
            foreach (int size in (int[])[1, 10_000, 64 * 1024, 300_000])
                data.Add($"{stable}{size}", Store($"{stable}{size}", Pattern(size), stable));
        }
        using var left = FileSystem.AfterPowerFailure();
        string there = Path.Combine(left.MountPoint, "export", Path.GetFileName(DirPath));
        Assert.That(Directory.Exists(Path.Combine(there, "kept")), Is.True);
        Assert.That(File.Exists(Path.Combine(there, "g")), Is.True);
        foreach (var (name, contents) in data)
            Assert.That(File.ReadAllBytes(Path.Combine(there, name)).AsSpan().SequenceEqual(contents), Is.True, name);
    }

    [Test]
    public void A_change_that_did_not_become_stable_is_an_error_also_when_it_is_sent_again()
    {
        // Without the server's own directory there is nothing to commit by.
        string own = Path.Combine(FileSystem.MountPoint, ".nfsdctl");
        Directory.Move(own, own + ".away");
        try
        {
            uint xid = channel.Xid;
            Assert.That(Make("m"), Is.EqualTo(FileSystem.Type == "tmpfs" ? AcceptStatus.Success : AcceptStatus.SystemErr));
            channel.Xid = xid;
            Assert.That(Make("m"), Is.EqualTo(FileSystem.Type == "tmpfs" ? AcceptStatus.Success : AcceptStatus.SystemErr));
        }
        finally
        {
            Directory.Move(own + ".away", own);
        }
        Assert.That(Make("n"), Is.EqualTo(AcceptStatus.Success), "a call that is new");
    }

    private AcceptStatus Make(string name)
    {
        try
        {
            Assert.That(remote.MkDir(Dir, name).Status, Is.EqualTo(Ok));
            return AcceptStatus.Success;
        }
        catch (RpcCallException e)
        {
            return e.Status;
        }
    }

    /// <summary>Writes, overwrites, and commits where the write did not; what is there now.</summary>
    private byte[] Store(string name, byte[] contents, stable_how stable)
    {
        Assert.That(remote.Create(Dir, name).Status, Is.EqualTo(Ok));
        byte[] file = Find(name);
        Assert.That(remote.Write(file, 0, contents, stable).Count, Is.EqualTo(contents.Length));
        Array.Reverse(contents);
        Assert.That(remote.Write(file, 0, contents, stable).Count, Is.EqualTo(contents.Length));
        if (stable == stable_how.UNSTABLE)
            Assert.That(remote.Commit(file).Status, Is.EqualTo(Ok));
        return contents;
    }
}
