using System.Text;
using NfsdCtl.Protocols.Nfs3;
using NfsdCtl.TestKit.Nfs3;

namespace NfsdCtl.SystemTests.Nfs3;

/// <summary>The procedures that change nothing: RFC 1813 §3.3.1, §3.3.3-6, §3.3.18-20.</summary>
public class ReadingTests(string type) : Nfs3TestBase(type)
{
    private static readonly byte[] Forged = [1, 0x81, 12, 0, .. new byte[40]];

    [Test]
    public void Getattr_says_what_stat_says()
    {
        byte[] file = FileOf("f", "hello"u8);
        File.SetUnixFileMode(Path.Combine(DirPath, "f"), (UnixFileMode)0x1A0);
        var a = AttributesOf(file);
        Assert.Multiple(() =>
        {
            Assert.That(a.type, Is.EqualTo(ftype3.NF3REG));
            Assert.That(a.mode, Is.EqualTo(0x1A0));
            Assert.That(a.nlink, Is.EqualTo(1));
            Assert.That(a.size, Is.EqualTo(5));
            Assert.That(a.uid, Is.Zero);
            Assert.That(AttributesOf(Dir).type, Is.EqualTo(ftype3.NF3DIR));
            Assert.That(AttributesOf(Dir).fsid, Is.EqualTo(a.fsid));
            Assert.That(DateTime.UnixEpoch.AddSeconds(a.mtime.seconds), Is.EqualTo(DateTime.UtcNow).Within(TimeSpan.FromMinutes(1)));
        });
    }

    [Test]
    public void A_handle_that_is_no_handle_is_badhandle_for_every_procedure([Values(0, 1, 20, 44, 64)] int length)
    {
        byte[] bad = [.. Enumerable.Range(0, length).Select(i => (byte)(i * 37))];
        AssertEveryProcedure(bad, nfsstat3.NFS3ERR_BADHANDLE);
    }

    [Test]
    public void A_handle_with_one_bit_changed_never_finds_a_file()
    {
        byte[] file = FileOf("f", "x"u8);
        for (int bit = 0; bit < file.Length * 8; bit++)
        {
            byte[] changed = [.. file];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.That(Nfs.GetAttr(changed).Status, Is.EqualTo(nfsstat3.NFS3ERR_BADHANDLE).Or.EqualTo(nfsstat3.NFS3ERR_STALE), $"bit {bit}");
        }
        Assert.That(Nfs.GetAttr(Forged).Status, Is.EqualTo(nfsstat3.NFS3ERR_BADHANDLE).Or.EqualTo(nfsstat3.NFS3ERR_STALE));
    }

    [Test]
    public void The_handle_of_a_removed_file_is_stale_for_every_procedure()
    {
        byte[] file = FileOf("f", "x"u8);
        Assert.That(Nfs.Remove(Dir, "f").Status, Is.EqualTo(Ok));
        AssertEveryProcedure(file, nfsstat3.NFS3ERR_STALE);
    }

    private void AssertEveryProcedure(byte[] handle, nfsstat3 expected) => Assert.Multiple(() =>
    {
        Assert.That(Nfs.GetAttr(handle).Status, Is.EqualTo(expected));
        Assert.That(Nfs.SetAttr(handle, default).Status, Is.EqualTo(expected));
        Assert.That(Nfs.Lookup(handle, "x").Status, Is.EqualTo(expected));
        Assert.That(Nfs.Access(handle, 63).Status, Is.EqualTo(expected));
        Assert.That(Nfs.ReadLink(handle).Status, Is.EqualTo(expected));
        Assert.That(Nfs.Read(handle, 0, 10).Status, Is.EqualTo(expected));
        Assert.That(Nfs.Read(handle, 0, 100_000).Status, Is.EqualTo(expected));
        Assert.That(Nfs.Write(handle, 0, "x"u8).Status, Is.EqualTo(expected));
        Assert.That(Nfs.Create(handle, "x").Status, Is.EqualTo(expected));
        Assert.That(Nfs.MkDir(handle, "x").Status, Is.EqualTo(expected));
        Assert.That(Nfs.SymLink(handle, "x", "y").Status, Is.EqualTo(expected));
        Assert.That(Nfs.MkNod(handle, "x", ftype3.NF3FIFO).Status, Is.EqualTo(expected));
        Assert.That(Nfs.Remove(handle, "x").Status, Is.EqualTo(expected));
        Assert.That(Nfs.RmDir(handle, "x").Status, Is.EqualTo(expected));
        Assert.That(Nfs.Rename(handle, "x", Dir, "y").Status, Is.EqualTo(expected));
        Assert.That(Nfs.Rename(Dir, "x", handle, "y").Status, Is.EqualTo(expected));
        Assert.That(Nfs.Link(handle, Dir, "y").Status, Is.EqualTo(expected));
        Assert.That(Nfs.Link(FileOf("other", "x"u8), handle, "y").Status, Is.EqualTo(expected));
        Assert.That(Nfs.ReadDir(handle).Status, Is.EqualTo(expected));
        Assert.That(Nfs.ReadDirPlus(handle).Status, Is.EqualTo(expected));
        Assert.That(Nfs.FsStat(handle).Status, Is.EqualTo(expected));
        Assert.That(Nfs.FsInfo(handle).Status, Is.EqualTo(expected));
        Assert.That(Nfs.PathConf(handle).Status, Is.EqualTo(expected));
        Assert.That(Nfs.Commit(handle).Status, Is.EqualTo(expected));
    });

    [Test]
    public void Lookup_finds_a_file_with_attributes_of_both()
    {
        byte[] made = Made(Nfs.Create(Dir, "name \u00ff\u0001"));
        var found = Nfs.Lookup(Dir, "name \u00ff\u0001");
        Assert.Multiple(() =>
        {
            Assert.That(found.Object.attributes, Is.EqualTo(AttributesOf(found.Handle)));
            Assert.That(found.Directory.attributes, Is.EqualTo(AttributesOf(Dir)));
            Assert.That(found.Handle, Is.EqualTo(made));
        });
    }

    [TestCase("nothing", nfsstat3.NFS3ERR_NOENT)]
    [TestCase("", nfsstat3.NFS3ERR_ACCES)]
    [TestCase("a/b", nfsstat3.NFS3ERR_ACCES)]
    [TestCase("a\0b", nfsstat3.NFS3ERR_ACCES)]
    public void Lookup_fails_with_the_attributes_of_the_directory(string name, nfsstat3 expected)
    {
        var result = Nfs.Lookup(Dir, name);
        Assert.That(result.Status, Is.EqualTo(expected));
        Assert.That(result.Directory.attributes, Is.EqualTo(AttributesOf(Dir)));
    }

    [Test]
    public void Lookup_of_a_long_name_or_in_a_file_fails()
    {
        Assert.That(Nfs.Lookup(Dir, new string('x', 256)).Status, Is.EqualTo(nfsstat3.NFS3ERR_NAMETOOLONG));
        Assert.That(Nfs.Lookup(Dir, new string('x', 255)).Status, Is.EqualTo(nfsstat3.NFS3ERR_NOENT));
        Assert.That(Nfs.Lookup(FileOf("f", "x"u8), "x").Status, Is.EqualTo(nfsstat3.NFS3ERR_NOTDIR));
    }

    [Test]
    public void Access_answers_by_type_of_object()
    {
        byte[] file = FileOf("f", "x"u8);
        File.SetUnixFileMode(Path.Combine(DirPath, "f"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        As(new(0, 0), () =>
        {
            var result = Nfs.Access(file, 0xFFFF_FFFF);
            Assert.That(result.Access, Is.EqualTo(0x01 | 0x04 | 0x08 | 0x20), "READ MODIFY EXTEND EXECUTE: a file has no LOOKUP and no DELETE");
            Assert.That(result.Object.attributes, Is.EqualTo(AttributesOf(file)));
            Assert.That(Nfs.Access(Dir, 0x3F).Access, Is.EqualTo(0x01 | 0x02 | 0x04 | 0x08 | 0x10), "a directory is not executed");
            Assert.That(Nfs.Access(Dir, 0x02).Access, Is.EqualTo(0x02), "nothing that was not asked for");
        });
        As(Alice, () => Assert.That(Nfs.Access(file, 0x3F).Access, Is.Zero));
    }

    [Test]
    public void Readlink_gives_the_target_as_it_is()
    {
        string target = "../../etc/\u00fepasswd//" + new string('y', 800);
        byte[] link = Made(Nfs.SymLink(Dir, "l", target));
        var result = Nfs.ReadLink(link);
        Assert.That(Encoding.Latin1.GetString(result.Target), Is.EqualTo(target));
        Assert.That(result.Link.attributes.type, Is.EqualTo(ftype3.NF3LNK));
        var refused = Nfs.ReadLink(FileOf("f", "x"u8));
        Assert.That(refused.Status, Is.EqualTo(nfsstat3.NFS3ERR_INVAL));
        Assert.That(refused.Link.attributes.type, Is.EqualTo(ftype3.NF3REG));
    }

    [TestCase(0ul, 100u, 100u, false)]
    [TestCase(0ul, 70_000u, 70_000u, true)]
    [TestCase(0ul, 69_999u, 69_999u, false)]
    [TestCase(0ul, 200_000u, 70_000u, true)]
    [TestCase(69_990ul, 100u, 10u, true)]
    [TestCase(70_000ul, 100u, 0u, true)]
    [TestCase(70_000ul, 70_000u, 0u, true)]
    [TestCase(9_000_000_000ul, 10u, 0u, true)]
    [TestCase(5ul, 0u, 0u, false)]
    public void Read_gives_what_is_there(ulong offset, uint count, uint expected, bool end)
    {
        byte[] contents = [.. Enumerable.Range(0, 70_000).Select(i => (byte)(i * 31 / 7))];
        byte[] file = FileOf("f", contents);
        var result = Nfs.Read(file, offset, count);
        Assert.Multiple(() =>
        {
            Assert.That(result.Status, Is.EqualTo(Ok));
            Assert.That(result.Count, Is.EqualTo(expected));
            Assert.That(result.EndOfFile, Is.EqualTo(end));
            Assert.That(result.Data, Is.EqualTo(contents.AsSpan((int)Math.Min(offset, 70_000ul), (int)expected).ToArray()));
            Assert.That(result.File.attributes.size, Is.EqualTo(70_000));
        });
    }

    [Test]
    public void Read_of_what_is_no_file_fails_with_attributes()
    {
        var directory = Nfs.Read(Dir, 0, 10);
        Assert.That(directory.Status, Is.EqualTo(nfsstat3.NFS3ERR_ISDIR).Or.EqualTo(nfsstat3.NFS3ERR_INVAL));
        Assert.That(directory.File.attributes.type, Is.EqualTo(ftype3.NF3DIR));
        foreach (byte[] other in new[] { Made(Nfs.MkNod(Dir, "p", ftype3.NF3FIFO)), Made(Nfs.SymLink(Dir, "l", "x")) })
            Assert.That(Nfs.Read(other, 0, 100_000).Status, Is.EqualTo(nfsstat3.NFS3ERR_INVAL));
    }

    [Test]
    public void Read_is_limited_to_what_fsinfo_says()
    {
        byte[] file = FileOf("f", new byte[(1 << 20) + 10]);
        var result = Nfs.Read(file, 0, uint.MaxValue);
        var info = Nfs.FsInfo(Server.Root).Info;
        Assert.That(result.Count, Is.EqualTo(info.rtmax).And.EqualTo(1 << 20));
        Assert.That(result.EndOfFile, Is.False);
        Assert.That(info.wtmax, Is.EqualTo(1 << 20));
    }

    [Test]
    public void Fsinfo_over_a_small_transport_promises_less()
    {
        Server.Channel.Limit = 64 << 10;
        var info = Nfs.FsInfo(Server.Root).Info;
        Assert.That(info.rtmax, Is.EqualTo(60 << 10).And.EqualTo(info.rtpref).And.EqualTo(info.wtmax));
        Assert.That(Nfs.Read(FileOf("f", new byte[1 << 20]), 0, 1 << 20).Count, Is.EqualTo(info.rtmax));
    }

    [Test]
    public void Fsinfo_and_pathconf_say_what_the_filesystem_can()
    {
        var info = Nfs.FsInfo(Server.Root);
        var limits = Nfs.PathConf(Server.Root);
        Assert.Multiple(() =>
        {
            Assert.That(info.Info.obj_attributes.attributes, Is.EqualTo(AttributesOf(Server.Root)));
            Assert.That(info.Info.properties & 0x1B, Is.EqualTo(0x1B), "links, symlinks, homogeneous, settable times");
            Assert.That(info.Info.maxfilesize, Is.GreaterThan(1ul << 40));
            Assert.That(info.Info.time_delta.seconds, Is.Zero);
            Assert.That(info.Info.time_delta.nseconds, Is.InRange(1, 1_000_000_000));
            Assert.That(limits.Limits.name_max, Is.EqualTo(255));
            Assert.That(limits.Limits.linkmax, Is.GreaterThan(1000));
            Assert.That(limits.Limits.no_trunc, Is.True);
            Assert.That(limits.Limits.chown_restricted, Is.True);
            Assert.That(limits.Limits.case_insensitive, Is.False);
            Assert.That(limits.Limits.case_preserving, Is.True);
        });
    }

    [Test]
    public void Fsstat_says_what_statfs_says()
    {
        var drive = new DriveInfo(FileSystem.MountPoint);
        var space = Nfs.FsStat(Server.Root).Space;
        Assert.Multiple(() =>
        {
            Assert.That((long)space.tbytes, Is.EqualTo(drive.TotalSize));
            Assert.That((long)space.fbytes, Is.EqualTo(drive.TotalFreeSpace).Within(1 << 20));
            Assert.That((long)space.abytes, Is.EqualTo(drive.AvailableFreeSpace).Within(1 << 20));
            Assert.That(space.tfiles, Is.GreaterThanOrEqualTo(space.ffiles));
            Assert.That(space.ffiles, Is.Not.Zero);
            Assert.That(space.invarsec, Is.Zero);
            Assert.That(space.obj_attributes.attributes, Is.EqualTo(AttributesOf(Server.Root)));
        });
    }

    [Test]
    public void Null_is_answered() => Nfs.Null();
}
