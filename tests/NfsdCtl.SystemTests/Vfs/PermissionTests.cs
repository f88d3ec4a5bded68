using NfsdCtl.Vfs;

namespace NfsdCtl.SystemTests.Vfs;

[TestFixture("tmpfs")]
[TestFixture("ext4")]
public sealed class PermissionTests(string type) : VfsTestBase(type)
{
    [Test]
    public void Who_may_lock_owns_the_file_or_may_read_it() => Run(() =>
    {
        using var root = Mount(AliceId);
        Assert.That(Create(root, "private", out var file, mode: 0x180), Is.EqualTo(VfsStatus.Ok));
        byte[] handle = HandleOf(file);
        file.Dispose();
        VfsStatus By(uint uid) => Files.IdentifyForLock(handle, As(uid), out _, out _);
        Assert.That((By(AliceId), By(BobId), By(0)), Is.EqualTo((VfsStatus.Ok, VfsStatus.Access, VfsStatus.Ok)));
        Assert.That(Files.Identify(handle, As(BobId), out _, out _), Is.EqualTo(VfsStatus.Ok), "giving back needs no right");
        ThreadIdentity.BecomeRoot();
        File.SetUnixFileMode(Path.Combine(Root, "private"), UnixFileMode.OtherRead);
        Assert.That((By(AliceId), By(BobId)), Is.EqualTo((VfsStatus.Ok, VfsStatus.Ok)));
        ThreadIdentity.BecomeRoot();
        File.Delete(Path.Combine(Root, "private"));
        Nodes.Tick();
        Assert.That(By(BobId), Is.EqualTo(VfsStatus.Stale));
    });

    [Test]
    public void The_kernel_enforces_the_callers_identity() => Run(() =>
    {
        using var alice = Mount(AliceId);
        using var bob = Mount(BobId);
        using var friend = Mount(BobId, null, 5, AliceId);
        Assert.That(Create(alice, "f", out var made, mode: 0x1A0 /* 0640 */), Is.EqualTo(VfsStatus.Ok));
        Assert.That(Files.GetAttr(made, out var attributes), Is.EqualTo(VfsStatus.Ok));
        Assert.That((attributes.Uid, attributes.Gid, attributes.Mode), Is.EqualTo((AliceId, AliceId, 0x1A0u)));
        Assert.That(Write(made, 0, "secret"), Is.EqualTo(VfsStatus.Ok));
        made.Dispose();
        using var asBob = Find(bob, "f");
        using var asFriend = Find(friend, "f");
        Assert.That(Read(asBob, 0, 10, out _, out _), Is.EqualTo(VfsStatus.Access));
        Assert.That(Read(asFriend, 0, 10, out string data, out _), Is.EqualTo(VfsStatus.Ok));
        Assert.That(data, Is.EqualTo("secret"));
        Assert.That(Write(asFriend, 0, "x"), Is.EqualTo(VfsStatus.Access));
        Assert.That(Files.SetAttr(asBob, new SetAttributes { Mode = 0x1FF }, out _), Is.EqualTo(VfsStatus.Perm));
        Assert.That(Files.SetAttr(asBob, new SetAttributes { Size = 0 }, out _), Is.EqualTo(VfsStatus.Access));
        Assert.That(Files.Access(asBob, AccessMask.All, out var granted, out _), Is.EqualTo(VfsStatus.Ok));
        Assert.That(granted, Is.EqualTo(AccessMask.None));
        Assert.That(Files.Access(asFriend, AccessMask.All, out granted, out _), Is.EqualTo(VfsStatus.Ok));
        Assert.That(granted, Is.EqualTo(AccessMask.Read));
    });

    [Test]
    public void The_owner_may_write_whatever_the_mode_says() => Run(() =>
    {
        using var alice = Mount(AliceId);
        Assert.That(Create(alice, "f", out var made, mode: 0), Is.EqualTo(VfsStatus.Ok));
        Assert.That(Write(made, 0, "mine"), Is.EqualTo(VfsStatus.Ok));
        Assert.That(Read(made, 0, 10, out string data, out _), Is.EqualTo(VfsStatus.Ok));
        Assert.That(data, Is.EqualTo("mine"));
        made.Dispose();
    });

    [Test]
    public void Who_may_execute_may_read() => Run(() =>
    {
        using var alice = Mount(AliceId);
        using var bob = Mount(BobId);
        Assert.That(Create(alice, "f", out var made, mode: 0x1C1 /* 0701 */), Is.EqualTo(VfsStatus.Ok));
        Assert.That(Write(made, 0, "#!"), Is.EqualTo(VfsStatus.Ok));
        made.Dispose();
        using var asBob = Find(bob, "f");
        Assert.That(Read(asBob, 0, 10, out string data, out _), Is.EqualTo(VfsStatus.Ok));
        Assert.That(data, Is.EqualTo("#!"));
    });

    [Test]
    public void Root_is_squashed_unless_told_otherwise() => Run(() =>
    {
        Serve($"{Root} *(rw,insecure{FsIdOption})\n");
        using var root = Mount(0);
        Assert.That(Create(root, "f", out var made), Is.EqualTo(VfsStatus.Ok));
        Assert.That(Files.GetAttr(made, out var attributes), Is.EqualTo(VfsStatus.Ok));
        Assert.That((attributes.Uid, attributes.Gid), Is.EqualTo((65534u, 65534u)));
        made.Dispose();
        Serve($"{Root} *(rw,insecure,all_squash,anonuid=1001,anongid=7{FsIdOption})\n");
        using var all = Mount(BobId);
        Assert.That(Create(all, "g", out made), Is.EqualTo(VfsStatus.Ok));
        Assert.That(Files.GetAttr(made, out attributes), Is.EqualTo(VfsStatus.Ok));
        Assert.That((attributes.Uid, attributes.Gid), Is.EqualTo((1001u, 7u)));
        made.Dispose();
    });

    [Test]
    public void A_write_by_another_clears_the_set_id_bits() => Run(() =>
    {
        using var alice = Mount(AliceId);
        using var bob = Mount(BobId);
        Assert.That(Create(alice, "f", out var made, mode: 0xDFF /* 06777 */), Is.EqualTo(VfsStatus.Ok));
        Assert.That(Files.SetAttr(made, new SetAttributes { Mode = 0xDFF }, out var wcc), Is.EqualTo(VfsStatus.Ok));
        Assert.That(wcc.After.Mode, Is.EqualTo(0xDFF));
        made.Dispose();
        using var asBob = Find(bob, "f");
        Assert.That(Write(asBob, 0, "x"), Is.EqualTo(VfsStatus.Ok));
        Assert.That(Files.GetAttr(asBob, out var attributes), Is.EqualTo(VfsStatus.Ok));
        Assert.That(attributes.Mode, Is.EqualTo(0x1FF));
    });

    [Test]
    public void A_directory_without_search_right_hides_its_names() => Run(() =>
    {
        using var alice = Mount(AliceId);
        using var bob = Mount(BobId);
        Assert.That(Files.MakeDirectory(alice, "d"u8, new SetAttributes { Mode = 0x1C0 }, out var made, out _, out _), Is.EqualTo(VfsStatus.Ok));
        Assert.That(Create(made, "f", out var file), Is.EqualTo(VfsStatus.Ok));
        file.Dispose();
        Assert.That(List(made), Does.Contain("f"));
        made.Dispose();
        using var asBob = Find(bob, "d");
        Assert.That(Lookup(asBob, "f"), Is.EqualTo(VfsStatus.Access));
        Assert.That(Files.ReadDirectory(asBob, 0, 0, out _, out _), Is.EqualTo(VfsStatus.Access));
        Assert.That(Create(asBob, "g", out _), Is.EqualTo(VfsStatus.Access));
        Assert.That(Files.Remove(asBob, "f"u8, out _), Is.EqualTo(VfsStatus.Access));
    });

    [Test]
    public void A_read_only_export_changes_nothing() => Run(() =>
    {
        File.WriteAllText(Path.Combine(Root, "f"), "x");
        Serve($"{Root} *(insecure,no_root_squash{FsIdOption})\n");
        using var root = Mount(0);
        using var file = Find(root, "f");
        Assert.That(Write(file, 0, "y"), Is.EqualTo(VfsStatus.RoFs));
        Assert.That(Create(root, "g", out _), Is.EqualTo(VfsStatus.RoFs));
        Assert.That(Files.Remove(root, "f"u8, out _), Is.EqualTo(VfsStatus.RoFs));
        Assert.That(Files.SetAttr(file, new SetAttributes { Mode = 0 }, out _), Is.EqualTo(VfsStatus.RoFs));
        Assert.That(Files.Access(file, AccessMask.All, out var granted, out _), Is.EqualTo(VfsStatus.Ok));
        Assert.That(granted & (AccessMask.Modify | AccessMask.Extend), Is.EqualTo(AccessMask.None));
        Assert.That(Read(file, 0, 5, out string data, out _), Is.EqualTo(VfsStatus.Ok));
        Assert.That(data, Is.EqualTo("x"));
    });

    [Test]
    public void Nothing_leads_out_of_an_export() => Run(() =>
    {
        string export = Path.Combine(Root, "export");
        Directory.CreateDirectory(Path.Combine(export, "in/deep"));
        File.WriteAllText(Path.Combine(Root, "outside"), "secret");
        File.CreateSymbolicLink(Path.Combine(export, "link"), "../outside");
        File.CreateSymbolicLink(Path.Combine(export, "up"), "..");
        Serve($"{export} *(rw,insecure,no_root_squash{FsIdOption})\n");
        using var root = Mount(0, export);
        using var up = Find(root, "..");
        Assert.That(up.Key, Is.EqualTo(root.Key), ".. at the top stays");
        using var link = Find(root, "link");
        Assert.That(link.Type, Is.EqualTo(FileType.Symlink));
        Assert.That(Read(link, 0, 10, out _, out _), Is.EqualTo(VfsStatus.Inval));
        using var linkUp = Find(root, "up");
        Assert.That(Lookup(linkUp, "outside"), Is.EqualTo(VfsStatus.NotDir));
        Assert.That(Lookup(root, "../outside"), Is.EqualTo(VfsStatus.Access));
        Assert.That(Files.ResolvePath(System.Text.Encoding.UTF8.GetBytes(export + "/up"), As(0), out _), Is.EqualTo(VfsStatus.NotDir));
        Assert.That(Files.ResolvePath(System.Text.Encoding.UTF8.GetBytes(Root), As(0), out _), Is.EqualTo(VfsStatus.Access));
        // A directory that is moved out is still known by handle, but its ".." is not the way to the rest of the disk.
        using var inside = Find(root, "in");
        using var deep = Find(inside, "deep");
        Directory.Move(Path.Combine(export, "in"), Path.Combine(Root, "moved"));
        using var stillInMoved = Find(deep, ".");
        Assert.That(Lookup(inside, ".."), Is.EqualTo(VfsStatus.Stale));
    });
}
