using NfsdCtl.Protocols.Nfs3;
using NfsdCtl.TestKit.Nfs3;

namespace NfsdCtl.SystemTests.Nfs3;

/// <summary>The procedures that change directories: RFC 1813 §3.3.8-15.</summary>
public class NamingTests(string type) : Nfs3TestBase(type)
{
    private IEnumerable<(string Name, Func<string, CreateResult> Make)> Makers =>
    [
        ("CREATE unchecked", name => Nfs.Create(Dir, name)),
        ("CREATE guarded", name => Nfs.Create(Dir, name, createmode3.GUARDED)),
        ("CREATE exclusive", name => Nfs.Create(Dir, name, createmode3.EXCLUSIVE, verifier: 5)),
        ("MKDIR", name => Nfs.MkDir(Dir, name)),
        ("SYMLINK", name => Nfs.SymLink(Dir, name, "target")),
        ("MKNOD", name => Nfs.MkNod(Dir, name, ftype3.NF3FIFO)),
    ];

    [Test]
    public void What_is_made_is_found_under_its_name_with_right_wcc()
    {
        foreach (var (what, make) in Makers)
        {
            var before = AttributesOf(Dir);
            var result = make(what);
            Assert.That(result.Status, Is.EqualTo(Ok), what);
            var found = Nfs.Lookup(Dir, what);
            Assert.That(found.Handle, Is.EqualTo(result.Handle), what);
            Assert.That(result.Object.attributes, Is.EqualTo(found.Object.attributes), what);
            AssertWcc(result.Directory, Dir, before);
        }
    }

    [Test]
    public void Bad_names_are_refused_with_wcc()
    {
        (string, nfsstat3)[] names =
        [
            (".", nfsstat3.NFS3ERR_EXIST), ("..", nfsstat3.NFS3ERR_EXIST), ("", nfsstat3.NFS3ERR_ACCES), ("a/b", nfsstat3.NFS3ERR_ACCES),
            ("a\0", nfsstat3.NFS3ERR_ACCES), (new string('n', 256), nfsstat3.NFS3ERR_NAMETOOLONG),
        ];
        byte[] file = FileOf("f", "x"u8);
        foreach (var (name, expected) in names)
        {
            foreach (var (what, make) in Makers)
            {
                var result = make(name);
                Assert.That(result.Status, Is.EqualTo(expected), what);
                Assert.That(result.Directory.after.attributes, Is.EqualTo(AttributesOf(Dir)), what);
            }
            Assert.That(Nfs.Link(file, Dir, name).Status, Is.EqualTo(expected), "LINK");
        }
        Assert.That(Nfs.List(Dir).Select(e => e.Name), Is.EqualTo(new[] { "f" }));
    }

    [Test]
    public void A_name_has_any_byte_and_up_to_255_of_them()
    {
        string bytes = new([.. Enumerable.Range(1, 255).Where(i => i != '/').Select(i => (char)i), 'x']);
        Assert.That(bytes, Has.Length.EqualTo(255));
        byte[] made = Made(Nfs.Create(Dir, bytes));
        Assert.That(Nfs.List(Dir).Single().Name, Is.EqualTo(bytes));
        Assert.That(Nfs.Rename(Dir, bytes, Dir, new string('\u00ff', 255)).Status, Is.EqualTo(Ok));
        Assert.That(Nfs.Lookup(Dir, new string('\u00ff', 255)).Handle, Is.EqualTo(made));
        Assert.That(Nfs.Remove(Dir, new string('\u00ff', 255)).Status, Is.EqualTo(Ok));
    }

    [Test]
    public void Create_unchecked_takes_a_file_that_exists_and_cuts_it_when_asked()
    {
        byte[] file = FileOf("f", "hello"u8);
        var again = Nfs.Create(Dir, "f", createmode3.UNCHECKED, Nfs3Client.Set(mode: 0));
        Assert.That(again.Handle, Is.EqualTo(file));
        Assert.That(again.Object.attributes.size, Is.EqualTo(5));
        Assert.That(Nfs.Create(Dir, "f", createmode3.UNCHECKED, Nfs3Client.Set(size: 0)).Object.attributes.size, Is.Zero);
        Assert.That(Nfs.Create(Dir, "f", createmode3.GUARDED).Status, Is.EqualTo(nfsstat3.NFS3ERR_EXIST));
    }

    [Test]
    public void What_exists_is_not_made_again()
    {
        Made(Nfs.MkDir(Dir, "d"));
        foreach (var (what, make) in Makers)
            Assert.That(make("d").Status, Is.EqualTo(nfsstat3.NFS3ERR_EXIST), what);
    }

    [Test]
    public void Create_exclusive_knows_its_own_file_again_after_a_restart()
    {
        const ulong Verifier = 0x1234_5678_9ABC_DEF0;
        byte[] made = Made(Nfs.Create(Dir, "f", createmode3.EXCLUSIVE, verifier: Verifier));
        Assert.That(Nfs.Create(Dir, "f", createmode3.EXCLUSIVE, verifier: Verifier).Handle, Is.EqualTo(made));
        Server.Restart();
        Assert.That(Nfs.Create(Dir, "f", createmode3.EXCLUSIVE, verifier: Verifier).Handle, Is.EqualTo(made));
        Assert.That(Nfs.Create(Dir, "f", createmode3.EXCLUSIVE, verifier: Verifier + 1).Status, Is.EqualTo(nfsstat3.NFS3ERR_EXIST));
        Assert.That(Nfs.SetAttr(made, Nfs3Client.Set(mode: 0x1A4, atime: new() { seconds = 1 }, mtime: new() { seconds = 2 })).Status, Is.EqualTo(Ok));
        Assert.That(Nfs.Create(Dir, "f", createmode3.EXCLUSIVE, verifier: Verifier).Status, Is.EqualTo(nfsstat3.NFS3ERR_EXIST), "it was taken into use");
    }

    [Test]
    public void New_files_have_the_mode_and_times_that_were_asked_for()
    {
        var set = Nfs3Client.Set(mode: 0xFFF, mtime: new() { seconds = 1_000_000_000, nseconds = 5 });
        foreach (var result in new[] { Nfs.Create(Dir, "f", set: set), Nfs.MkDir(Dir, "d", set), Nfs.MkNod(Dir, "p", ftype3.NF3FIFO, set) })
        {
            var a = AttributesOf(Made(result));
            Assert.That(a.mode, Is.EqualTo(0xFFF));
            Assert.That(a.mtime, Is.EqualTo(new nfstime3 { seconds = 1_000_000_000, nseconds = 5 }));
            Assert.That(result.Object.attributes, Is.EqualTo(a));
        }
    }

    [Test]
    public void Mknod_makes_each_kind_and_refuses_others()
    {
        Assert.That(Nfs.MkNod(Dir, "s", ftype3.NF3SOCK).Object.attributes.type, Is.EqualTo(ftype3.NF3SOCK));
        foreach (var type in new[] { ftype3.NF3CHR, ftype3.NF3BLK })
        {
            var a = Nfs.MkNod(Dir, type.ToString(), type, major: 0x123, minor: 0x45678).Object.attributes;
            Assert.That((a.type, a.rdev), Is.EqualTo((type, new specdata3 { specdata1 = 0x123, specdata2 = 0x45678 })));
        }
        foreach (var type in new[] { ftype3.NF3REG, ftype3.NF3DIR, ftype3.NF3LNK })
            Assert.That(Nfs.MkNod(Dir, "x", type).Status, Is.EqualTo(nfsstat3.NFS3ERR_BADTYPE));
        As(Alice, () => Assert.That(Nfs.MkNod(Dir, "c2", ftype3.NF3CHR, major: 1, minor: 3).Status, Is.EqualTo(nfsstat3.NFS3ERR_PERM)));
    }

    [Test]
    public void Remove_takes_names_of_all_but_directories()
    {
        FileOf("f", "x"u8);
        Made(Nfs.SymLink(Dir, "l", "f"));
        Made(Nfs.MkNod(Dir, "p", ftype3.NF3FIFO));
        Made(Nfs.MkDir(Dir, "d"));
        foreach (string name in new[] { "f", "l", "p" })
        {
            var before = AttributesOf(Dir);
            var result = Nfs.Remove(Dir, name);
            Assert.That(result.Status, Is.EqualTo(Ok), name);
            AssertWcc(result.Wcc, Dir, before);
        }
        var refused = Nfs.Remove(Dir, "d");
        Assert.That(refused.Status, Is.EqualTo(nfsstat3.NFS3ERR_ISDIR));
        Assert.That(refused.Wcc.after.attributes, Is.EqualTo(AttributesOf(Dir)));
        Assert.That(Nfs.Remove(Dir, "f").Status, Is.EqualTo(nfsstat3.NFS3ERR_NOENT));
        Assert.That(Nfs.Remove(Dir, ".").Status, Is.EqualTo(nfsstat3.NFS3ERR_ACCES));
        Assert.That(Nfs.Remove(Dir, "..").Status, Is.EqualTo(nfsstat3.NFS3ERR_ACCES));
    }

    [Test]
    public void Rmdir_takes_empty_directories()
    {
        byte[] inner = Made(Nfs.MkDir(Dir, "d"));
        Made(Nfs.Create(inner, "f"));
        FileOf("f", "x"u8);
        Assert.That(Nfs.RmDir(Dir, "d").Status, Is.EqualTo(nfsstat3.NFS3ERR_NOTEMPTY));
        Assert.That(Nfs.RmDir(Dir, "f").Status, Is.EqualTo(nfsstat3.NFS3ERR_NOTDIR));
        Assert.That(Nfs.RmDir(Dir, "none").Status, Is.EqualTo(nfsstat3.NFS3ERR_NOENT));
        Assert.That(Nfs.RmDir(Dir, ".").Status, Is.EqualTo(nfsstat3.NFS3ERR_INVAL));
        Assert.That(Nfs.RmDir(Dir, "..").Status, Is.EqualTo(nfsstat3.NFS3ERR_EXIST));
        Assert.That(Nfs.Remove(inner, "f").Status, Is.EqualTo(Ok));
        var before = AttributesOf(Dir);
        var result = Nfs.RmDir(Dir, "d");
        Assert.That(result.Status, Is.EqualTo(Ok));
        AssertWcc(result.Wcc, Dir, before);
        Assert.That(Nfs.GetAttr(inner).Status, Is.EqualTo(nfsstat3.NFS3ERR_STALE));
    }

    [Test]
    public void Rename_moves_and_replaces_with_wcc_of_both_directories()
    {
        byte[] other = Made(Nfs.MkDir(Dir, "other"));
        byte[] file = FileOf("f", "one"u8);
        byte[] victim = Made(Nfs.Create(other, "g"));
        var (fromBefore, toBefore) = (AttributesOf(Dir), AttributesOf(other));
        var result = Nfs.Rename(Dir, "f", other, "g");
        Assert.That(result.Status, Is.EqualTo(Ok));
        AssertWcc(result.From, Dir, fromBefore);
        AssertWcc(result.To, other, toBefore);
        Assert.That(Nfs.Lookup(other, "g").Handle, Is.EqualTo(file), "a handle survives a rename");
        Assert.That(Nfs.GetAttr(victim).Status, Is.EqualTo(nfsstat3.NFS3ERR_STALE));
        Assert.That(Nfs.Rename(other, "g", other, "g").Status, Is.EqualTo(Ok), "onto itself nothing happens");
    }

    [TestCase("none", "x", nfsstat3.NFS3ERR_NOENT)]
    [TestCase(".", "x", nfsstat3.NFS3ERR_INVAL)]
    [TestCase("f", "..", nfsstat3.NFS3ERR_INVAL)]
    [TestCase("f", "", nfsstat3.NFS3ERR_ACCES)]
    [TestCase("f", "a/b", nfsstat3.NFS3ERR_ACCES)]
    [TestCase("f", "d", nfsstat3.NFS3ERR_ISDIR)]
    [TestCase("d", "f", nfsstat3.NFS3ERR_NOTDIR)]
    [TestCase("d", "full", nfsstat3.NFS3ERR_NOTEMPTY)]
    public void Rename_fails(string from, string to, nfsstat3 expected)
    {
        FileOf("f", "x"u8);
        Made(Nfs.MkDir(Dir, "d"));
        Made(Nfs.Create(Made(Nfs.MkDir(Dir, "full")), "inside"));
        var result = Nfs.Rename(Dir, from, Dir, to);
        Assert.That(result.Status, Is.EqualTo(expected));
        Assert.That(result.From.after.attributes, Is.EqualTo(AttributesOf(Dir)));
        Assert.That(result.To.after.attributes, Is.EqualTo(AttributesOf(Dir)));
    }

    [Test]
    public void Rename_of_a_directory_into_itself_is_invalid()
    {
        byte[] d = Made(Nfs.MkDir(Dir, "d"));
        Assert.That(Nfs.Rename(Dir, "d", d, "e").Status, Is.EqualTo(nfsstat3.NFS3ERR_INVAL));
    }

    [Test]
    public void Link_gives_one_more_name()
    {
        byte[] file = FileOf("f", "x"u8);
        var before = AttributesOf(Dir);
        var result = Nfs.Link(file, Dir, "g");
        Assert.That(result.Status, Is.EqualTo(Ok));
        Assert.That(result.File.attributes.nlink, Is.EqualTo(2));
        AssertWcc(result.Directory, Dir, before);
        Assert.That(Find("g"), Is.EqualTo(file));
        Assert.That(Nfs.Link(file, Dir, "g").Status, Is.EqualTo(nfsstat3.NFS3ERR_EXIST));
        Assert.That(Nfs.Link(file, file, "h").Status, Is.EqualTo(nfsstat3.NFS3ERR_NOTDIR));
        Assert.That(Nfs.Link(Dir, Dir, "h").Status, Is.Not.EqualTo(Ok), "a directory has one name");
        Assert.That(Nfs.Remove(Dir, "f").Status, Is.EqualTo(Ok));
        Assert.That(AttributesOf(file).nlink, Is.EqualTo(1));
    }

    [Test]
    public void Symlink_needs_a_target_that_the_filesystem_takes()
    {
        Assert.That(Nfs.SymLink(Dir, "l", "").Status, Is.Not.EqualTo(Ok));
        Assert.That(Nfs.SymLink(Dir, "l", "a\0b").Status, Is.Not.EqualTo(Ok));
        Assert.That(Nfs.SymLink(Dir, "l", new string('x', 5000)).Status, Is.EqualTo(nfsstat3.NFS3ERR_NAMETOOLONG));
        Assert.That(Nfs.List(Dir), Is.Empty);
    }
}
