using NfsdCtl.Protocols.Nfs3;
using NfsdCtl.TestKit.Nfs3;
using NfsdCtl.TestKit.Rpc;
using NfsdCtl.Vfs.Exports;

namespace NfsdCtl.SystemTests.Nfs3;

/// <summary>Who may do what: uid, gid, supplementary groups, squashing, ports, read-only exports.</summary>
public class PermissionTests(string type) : Nfs3TestBase(type)
{
    private static readonly TestUser Member = new(1003, 1003, 5, 6, 2000, 7);

    private byte[] Owned(string name, uint uid, uint gid, uint mode)
    {
        byte[] handle = Made(Nfs.Create(Dir, name));
        Assert.That(Nfs.Write(handle, 0, "data"u8).Status, Is.EqualTo(Ok));
        Assert.That(Nfs.SetAttr(handle, Nfs3Client.Set(mode, uid, gid)).Status, Is.EqualTo(Ok));
        return handle;
    }

    private void Export(Func<ExportOptions, ExportOptions> change)
    {
        Server.Export(Nfs3TestServer.Everyone(Server.ExportPath, change(Nfs3TestServer.Open)));
    }

    // read and write as owner (1001), as member of group 2000, as neither
    [TestCase(0x180u, true, true, false, false, false, false)]
    [TestCase(0x1A0u, true, true, true, false, false, false)]
    [TestCase(0x1B4u, true, true, true, true, true, false)]
    [TestCase(0x1B6u, true, true, true, true, true, true)]
    [TestCase(0x000u, true, true, false, false, false, false)]
    [TestCase(0x006u, true, true, false, false, true, true)]
    [TestCase(0x049u, true, true, true, false, true, false)]
    public void Data_by_owner_group_and_others(uint mode, bool ownerReads, bool ownerWrites, bool groupReads, bool groupWrites, bool otherReads, bool otherWrites)
    {
        // The owner may always read and write, for the client has checked at open; to execute is to read.
        byte[] file = Owned("f", 1001, 2000, mode);
        foreach (var (user, reads, writes) in new[] { (Alice, ownerReads, ownerWrites), (Member, groupReads, groupWrites), (new TestUser(1009, 1009, 3), otherReads, otherWrites) })
        {
            As(user, () =>
            {
                Assert.That(Nfs.Read(file, 0, 4).Status, Is.EqualTo(reads ? Ok : nfsstat3.NFS3ERR_ACCES), $"{user.Uid} reads {mode:x}");
                Assert.That(Nfs.Write(file, 0, "y"u8, stable_how.UNSTABLE).Status, Is.EqualTo(writes ? Ok : nfsstat3.NFS3ERR_ACCES), $"{user.Uid} writes {mode:x}");
                Assert.That(Nfs.GetAttr(file).Status, Is.EqualTo(Ok), "attributes need no right");
            });
        }
    }

    [Test]
    public void Access_agrees_with_what_is_done()
    {
        byte[] file = Owned("f", 1001, 2000, 0x1A4);
        As(Alice, () => Assert.That(Nfs.Access(file, 0x3F).Access, Is.EqualTo(0x0D)));
        As(Member, () => Assert.That(Nfs.Access(file, 0x3F).Access, Is.EqualTo(0x01)));
    }

    [Test]
    public void Directories_want_search_and_write()
    {
        byte[] closed = Made(Nfs.MkDir(Dir, "closed", Nfs3Client.Set(mode: 0x1C0)));
        byte[] readOnly = Made(Nfs.MkDir(Dir, "open", Nfs3Client.Set(mode: 0x1ED)));
        Made(Nfs.Create(closed, "f"));
        Made(Nfs.Create(readOnly, "f"));
        As(Alice, () =>
        {
            Assert.That(Nfs.Lookup(closed, "f").Status, Is.EqualTo(nfsstat3.NFS3ERR_ACCES));
            Assert.That(Nfs.ReadDir(closed).Status, Is.EqualTo(nfsstat3.NFS3ERR_ACCES));
            Assert.That(Nfs.ReadDirPlus(closed).Status, Is.EqualTo(nfsstat3.NFS3ERR_ACCES));
            Assert.That(Nfs.Lookup(readOnly, "f").Status, Is.EqualTo(Ok));
            Assert.That(Nfs.Create(readOnly, "g").Status, Is.EqualTo(nfsstat3.NFS3ERR_ACCES));
            Assert.That(Nfs.MkDir(readOnly, "g").Status, Is.EqualTo(nfsstat3.NFS3ERR_ACCES));
            Assert.That(Nfs.SymLink(readOnly, "g", "x").Status, Is.EqualTo(nfsstat3.NFS3ERR_ACCES));
            Assert.That(Nfs.Remove(readOnly, "f").Status, Is.EqualTo(nfsstat3.NFS3ERR_ACCES));
            Assert.That(Nfs.Rename(readOnly, "f", Dir, "f").Status, Is.EqualTo(nfsstat3.NFS3ERR_ACCES));
        });
    }

    [Test]
    public void What_is_made_belongs_to_its_maker()
    {
        As(Bob, () =>
        {
            foreach (var result in new[] { Nfs.Create(Dir, "f"), Nfs.MkDir(Dir, "d"), Nfs.SymLink(Dir, "l", "x"), Nfs.MkNod(Dir, "p", ftype3.NF3FIFO) })
                Assert.That((result.Object.attributes.uid, result.Object.attributes.gid), Is.EqualTo((1002u, 1002u)));
        });
    }

    [Test]
    public void Only_the_owner_changes_modes_and_only_root_gives_away()
    {
        byte[] file = Owned("f", 1001, 1001, 0x1B6);
        As(Bob, () =>
        {
            Assert.That(Nfs.SetAttr(file, Nfs3Client.Set(mode: 0x1FF)).Status, Is.EqualTo(nfsstat3.NFS3ERR_PERM));
            Assert.That(Nfs.SetAttr(file, Nfs3Client.Set(mtime: new() { seconds = 5 })).Status, Is.EqualTo(nfsstat3.NFS3ERR_PERM));
        });
        As(Alice, () =>
        {
            Assert.That(Nfs.SetAttr(file, Nfs3Client.Set(uid: 1002)).Status, Is.EqualTo(nfsstat3.NFS3ERR_PERM));
            Assert.That(Nfs.SetAttr(file, Nfs3Client.Set(mode: 0x1A4)).Status, Is.EqualTo(Ok));
        });
        As(new(1001, 1001, 2000), () => Assert.That(Nfs.SetAttr(file, Nfs3Client.Set(gid: 2000)).Status, Is.EqualTo(Ok)));
    }

    [Test]
    public void A_write_by_another_takes_set_id_bits_away()
    {
        byte[] file = Owned("f", 0, 0, 0xDFF);
        As(Bob, () => Assert.That(Nfs.Write(file, 0, "x"u8).Status, Is.EqualTo(Ok)));
        Assert.That(AttributesOf(file).mode & 0xC00, Is.Zero);
    }

    [Test]
    public void A_sticky_directory_keeps_others_files()
    {
        byte[] sticky = Made(Nfs.MkDir(Dir, "tmp", Nfs3Client.Set(mode: 0x3FF)));
        As(Alice, () => Made(Nfs.Create(sticky, "f")));
        As(Bob, () => Assert.That(Nfs.Remove(sticky, "f").Status, Is.EqualTo(nfsstat3.NFS3ERR_PERM).Or.EqualTo(nfsstat3.NFS3ERR_ACCES)));
        As(Alice, () => Assert.That(Nfs.Remove(sticky, "f").Status, Is.EqualTo(Ok)));
    }

    [Test]
    public void Root_is_squashed_unless_the_export_says_otherwise()
    {
        Export(o => o with { Squash = Squash.Root, AnonUid = 1234, AnonGid = 4321 });
        var made = Nfs.Create(Dir, "f");
        Assert.That((made.Object.attributes.uid, made.Object.attributes.gid), Is.EqualTo((1234u, 4321u)));
        As(Alice, () => Assert.That(Nfs.Create(Dir, "g").Object.attributes.uid, Is.EqualTo(1001)));
        Export(o => o with { Squash = Squash.All, AnonUid = 1234, AnonGid = 4321 });
        As(Alice, () => Assert.That(Nfs.Create(Dir, "h").Object.attributes.uid, Is.EqualTo(1234)));
    }

    [Test]
    public void A_call_without_a_user_is_anonymous()
    {
        Export(o => o with { AnonUid = 1234, AnonGid = 4321 });
        As(null, () => Assert.That(Nfs.Create(Dir, "f").Object.attributes.uid, Is.EqualTo(1234)));
    }

    [Test]
    public void A_read_only_export_is_rofs_for_every_change()
    {
        byte[] file = FileOf("f", "x"u8);
        Export(o => o with { ReadOnly = true });
        const nfsstat3 Rofs = nfsstat3.NFS3ERR_ROFS;
        Assert.Multiple(() =>
        {
            var set = Nfs.SetAttr(file, Nfs3Client.Set(mode: 0));
            Assert.That(set.Status, Is.EqualTo(Rofs));
            Assert.That(set.Wcc.after.attributes, Is.EqualTo(AttributesOf(file)));
            Assert.That(Nfs.Write(file, 0, "y"u8).Status, Is.EqualTo(Rofs));
            Assert.That(Nfs.Create(Dir, "n").Status, Is.EqualTo(Rofs));
            Assert.That(Nfs.MkDir(Dir, "n").Status, Is.EqualTo(Rofs));
            Assert.That(Nfs.SymLink(Dir, "n", "x").Status, Is.EqualTo(Rofs));
            Assert.That(Nfs.MkNod(Dir, "n", ftype3.NF3FIFO).Status, Is.EqualTo(Rofs));
            Assert.That(Nfs.Remove(Dir, "f").Status, Is.EqualTo(Rofs));
            Assert.That(Nfs.RmDir(Dir, "f").Status, Is.EqualTo(Rofs));
            Assert.That(Nfs.Rename(Dir, "f", Dir, "g").Status, Is.EqualTo(Rofs));
            Assert.That(Nfs.Link(file, Dir, "g").Status, Is.EqualTo(Rofs));
            Assert.That(Nfs.Access(file, 0x3F).Access & 0x1C, Is.Zero);
            Assert.That(Nfs.Read(file, 0, 1).Data, Is.EqualTo("x"u8.ToArray()));
        });
    }

    [Test]
    public void A_secure_export_wants_a_privileged_port()
    {
        Export(o => o with { Secure = true });
        Server.Channel.ClientPort = 1024;
        Assert.That(Nfs.GetAttr(Dir).Status, Is.EqualTo(nfsstat3.NFS3ERR_ACCES));
        Server.Channel.ClientPort = 1023;
        Assert.That(Nfs.GetAttr(Dir).Status, Is.EqualTo(Ok));
    }

    [Test]
    public void Supplementary_groups_are_those_of_the_call_and_no_others()
    {
        byte[] file = Owned("f", 0, 7, 0x1A0);
        As(Member, () => Assert.That(Nfs.Read(file, 0, 4).Status, Is.EqualTo(Ok)));
        As(Alice, () => Assert.That(Nfs.Read(file, 0, 4).Status, Is.EqualTo(nfsstat3.NFS3ERR_ACCES)));
        As(new(1003, 1003), () => Assert.That(Nfs.Read(file, 0, 4).Status, Is.EqualTo(nfsstat3.NFS3ERR_ACCES)));
    }
}
