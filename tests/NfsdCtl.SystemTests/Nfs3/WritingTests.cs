using NfsdCtl.Protocols.Nfs3;
using NfsdCtl.TestKit.Nfs3;

namespace NfsdCtl.SystemTests.Nfs3;

/// <summary>SETATTR, WRITE and COMMIT: RFC 1813 §3.3.2, §3.3.7, §3.3.21.</summary>
public class WritingTests(string type) : Nfs3TestBase(type)
{
    [Test]
    public void Setattr_sets_each_attribute_with_wcc()
    {
        byte[] file = FileOf("f", "hello world"u8);
        var before = AttributesOf(file);
        var set = Nfs3Client.Set(0x1C0, 7, 8, 5, new() { seconds = 100, nseconds = 1 }, new() { seconds = uint.MaxValue, nseconds = 999_999_999 });
        var result = Nfs.SetAttr(file, set);
        Assert.That(result.Status, Is.EqualTo(Ok));
        AssertWcc(result.Wcc, file, before);
        var after = AttributesOf(file);
        Assert.Multiple(() =>
        {
            Assert.That((after.mode, after.uid, after.gid, after.size), Is.EqualTo((0x1C0u, 7u, 8u, 5ul)));
            Assert.That(after.atime, Is.EqualTo(new nfstime3 { seconds = 100, nseconds = 1 }));
            Assert.That(after.mtime.nseconds, Is.EqualTo(999_999_999));
            Assert.That(File.ReadAllBytes(Path.Combine(DirPath, "f")), Is.EqualTo("hello"u8.ToArray()));
        });
    }

    [Test]
    public void Setattr_grows_a_file_with_zeros()
    {
        byte[] file = FileOf("f", "ab"u8);
        Assert.That(Nfs.SetAttr(file, Nfs3Client.Set(size: 5_000_000_000)).Status, Is.EqualTo(Ok));
        Assert.That(AttributesOf(file).size, Is.EqualTo(5_000_000_000));
        Assert.That(Nfs.Read(file, 4_999_999_999, 10).Data, Is.EqualTo(new byte[1]));
    }

    [Test]
    public void Setattr_to_the_servers_time()
    {
        byte[] file = FileOf("f", "ab"u8);
        Nfs.SetAttr(file, Nfs3Client.Set(atime: new() { seconds = 1 }, mtime: new() { seconds = 1 }));
        var set = new sattr3 { atime = new() { set_it = time_how.SET_TO_SERVER_TIME }, mtime = new() { set_it = time_how.SET_TO_SERVER_TIME } };
        Assert.That(Nfs.SetAttr(file, set).Status, Is.EqualTo(Ok));
        Assert.That(DateTime.UnixEpoch.AddSeconds(AttributesOf(file).mtime.seconds), Is.EqualTo(DateTime.UtcNow).Within(TimeSpan.FromMinutes(1)));
    }

    [Test]
    public void The_guard_of_setattr_is_the_files_ctime()
    {
        byte[] file = FileOf("f", "ab"u8);
        var ctime = AttributesOf(file).ctime;
        var refused = Nfs.SetAttr(file, Nfs3Client.Set(mode: 0), new nfstime3 { seconds = ctime.seconds, nseconds = ctime.nseconds ^ 1 });
        Assert.That(refused.Status, Is.EqualTo(nfsstat3.NFS3ERR_NOT_SYNC));
        AssertWcc(refused.Wcc, file, AttributesOf(file));
        Assert.That(AttributesOf(file).mode, Is.Not.Zero);
        Assert.That(Nfs.SetAttr(file, Nfs3Client.Set(mode: 0), ctime).Status, Is.EqualTo(Ok));
        Assert.That(AttributesOf(file).mode, Is.Zero);
    }

    [Test]
    public void Setattr_refuses_sizes_that_cannot_be()
    {
        Assert.That(Nfs.SetAttr(FileOf("f", "x"u8), Nfs3Client.Set(size: ulong.MaxValue)).Status, Is.EqualTo(nfsstat3.NFS3ERR_FBIG));
        Assert.That(Nfs.SetAttr(Dir, Nfs3Client.Set(size: 0)).Status, Is.EqualTo(nfsstat3.NFS3ERR_ISDIR).Or.EqualTo(nfsstat3.NFS3ERR_INVAL));
    }

    [Test]
    public void Written_data_is_there_with_wcc([Values] stable_how stable, [Values(1, 4096, 1 << 20)] int length)
    {
        byte[] data = [.. Enumerable.Range(0, length).Select(i => (byte)(i * 7 / 3))];
        byte[] file = FileOf("f", "0123456789"u8);
        var before = AttributesOf(file);
        var result = Nfs.Write(file, 4, data, stable);
        Assert.That(result.Status, Is.EqualTo(Ok));
        AssertWcc(result.Wcc, file, before);
        Assert.That(result.Count, Is.EqualTo(length));
        Assert.That(result.Committed, Is.GreaterThanOrEqualTo(stable));
        byte[] expected = new byte[Math.Max(10, 4 + length)];
        "0123456789"u8.CopyTo(expected);
        data.CopyTo(expected, 4);
        Assert.That(File.ReadAllBytes(Path.Combine(DirPath, "f")).AsSpan().SequenceEqual(expected), Is.True);
    }

    [Test]
    public void Nothing_written_is_a_success()
    {
        byte[] file = FileOf("f", "x"u8);
        var result = Nfs.Write(file, 100, []);
        Assert.That((result.Status, result.Count), Is.EqualTo((Ok, 0u)));
        Assert.That(AttributesOf(file).size, Is.EqualTo(1));
    }

    [Test]
    public void Offsets_have_64_bits()
    {
        byte[] file = FileOf("f", "x"u8);
        const ulong Far = (1ul << 42) + 12345;
        if (FileSystem.Type == "ext4")
            Assert.That(Nfs.Write(file, Far, "far"u8).Count, Is.EqualTo(3));
        Assert.That(Nfs.Write(file, (1ul << 32) - 1, "across"u8).Count, Is.EqualTo(6));
        Assert.That(Nfs.Read(file, (1ul << 32) + 1, 100).Data[..4], Is.EqualTo("ross"u8.ToArray()));
        if (FileSystem.Type == "ext4")
            Assert.That(Nfs.Read(file, Far, 100_000).Data, Is.EqualTo("far"u8.ToArray()));
        foreach (ulong offset in new[] { ulong.MaxValue, (ulong)long.MaxValue, 1ul << 63 })
            Assert.That(Nfs.Write(file, offset, "x"u8).Status, Is.EqualTo(nfsstat3.NFS3ERR_FBIG).Or.EqualTo(nfsstat3.NFS3ERR_INVAL), $"{offset}");
        foreach (ulong offset in new[] { ulong.MaxValue, (ulong)long.MaxValue, 1ul << 63 })
            Assert.That(Nfs.Read(file, offset, 10), Has.Property("Count").Zero);
    }

    [Test]
    public void What_is_no_file_is_not_written()
    {
        foreach (byte[] handle in new[] { Dir, Made(Nfs.SymLink(Dir, "l", "x")), Made(Nfs.MkNod(Dir, "p", ftype3.NF3FIFO)) })
        {
            Assert.That(Nfs.Write(handle, 0, "x"u8).Status, Is.EqualTo(nfsstat3.NFS3ERR_INVAL).Or.EqualTo(nfsstat3.NFS3ERR_ISDIR));
            Assert.That(Nfs.Commit(handle).Status, Is.Not.EqualTo(Ok));
        }
    }

    [Test]
    public void Commit_has_the_verifier_of_the_writes_before_it()
    {
        byte[] file = FileOf("f", "x"u8);
        var written = Nfs.Write(file, 0, new byte[10_000], stable_how.UNSTABLE);
        var before = AttributesOf(file);
        var committed = Nfs.Commit(file, 0, 10_000);
        Assert.That(committed.Status, Is.EqualTo(Ok));
        Assert.That(committed.Verifier, Is.EqualTo(written.Verifier));
        AssertWcc(committed.Wcc, file, before);
    }

    [Test]
    public void The_verifier_is_another_one_after_a_restart()
    {
        byte[] file = FileOf("f", "x"u8);
        ulong before = Nfs.Write(file, 0, "y"u8, stable_how.UNSTABLE).Verifier;
        Server.Restart();
        Assert.That(Nfs.Commit(file).Verifier, Is.Not.EqualTo(before));
    }

    [Test]
    public void A_write_of_more_than_wtmax_is_cut()
    {
        byte[] file = FileOf("f", ""u8);
        Assert.That(Nfs.Write(file, 0, new byte[(1 << 20) + 1000], stable_how.UNSTABLE).Count, Is.EqualTo(1 << 20));
    }

    [Test]
    public void A_full_filesystem_is_nospc()
    {
        byte[] file = FileOf("f", ""u8);
        byte[] block = new byte[1 << 20];
        var status = Ok;
        for (ulong i = 0; status == Ok && i < 1024; i++)
            status = Nfs.Write(file, i << 20, block, stable_how.UNSTABLE).Status;
        Assert.That(status, Is.EqualTo(nfsstat3.NFS3ERR_NOSPC));
        Assert.That(Nfs.SetAttr(file, Nfs3Client.Set(size: 0)).Status, Is.EqualTo(Ok));
        Assert.That(Nfs.Write(file, 0, block).Status, Is.EqualTo(Ok));
    }

    [Test]
    public void A_stable_write_lets_others_go_on_before_it_waits()
    {
        byte[] file = FileOf("f", "x"u8);
        int before = Server.Channel.Blocked;
        Nfs.Write(file, 0, "y"u8, stable_how.UNSTABLE);
        Assert.That(Server.Channel.Blocked, Is.EqualTo(before), "an unstable write does not wait");
        Nfs.Write(file, 0, "y"u8, stable_how.FILE_SYNC);
        Assert.That(Server.Channel.Blocked, FileSystem.Type == "tmpfs" ? Is.EqualTo(before) : Is.GreaterThan(before));
    }
}
