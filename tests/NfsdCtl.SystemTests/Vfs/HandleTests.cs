using NfsdCtl.TestKit.FileSystems;
using NfsdCtl.Vfs;
using NfsdCtl.Vfs.Exports;
using NfsdCtl.Vfs.Nodes;

namespace NfsdCtl.SystemTests.Vfs;

[TestFixture("tmpfs")]
[TestFixture("ext4")]
public sealed class HandleTests(string type) : VfsTestBase(type)
{
    private readonly string type = type;

    [Test]
    public void A_handle_survives_a_restart_and_a_rename() => Run(() =>
    {
        using var root = Mount(AliceId);
        Assert.That(Create(root, "old", out var file), Is.EqualTo(VfsStatus.Ok));
        Assert.That(Write(file, 0, "content"), Is.EqualTo(VfsStatus.Ok));
        byte[] handle = HandleOf(file);
        file.Dispose();
        ThreadIdentity.BecomeRoot();
        Directory.CreateDirectory(Path.Combine(Root, "sub"));
        File.Move(Path.Combine(Root, "old"), Path.Combine(Root, "sub/new"));
        Serve($"{Root} *(rw,insecure{FsIdOption})\n");
        Assert.That(Resolve(handle, AliceId, out file), Is.EqualTo(VfsStatus.Ok));
        Assert.That(Read(file, 0, 100, out string data, out bool end), Is.EqualTo(VfsStatus.Ok));
        Assert.That((data, end), Is.EqualTo(("content", true)));
        file.Dispose();
    });

    [Test]
    public void A_report_tells_paths_of_what_is_open_and_opens_nothing() => Run(() =>
    {
        string path = Path.Combine(Root, "f");
        FileKey key;
        using (var root = Mount(AliceId))
        {
            Assert.That(Create(root, "f", out var made), Is.EqualTo(VfsStatus.Ok));
            key = made.Key;
            made.Dispose();
        }
        Assert.That(Files.PathOf(key), Is.EqualTo(path));
        Assert.That(Files.Locate(key), Is.Not.Null);

        Serve($"{Root} *(rw,insecure{FsIdOption})\n");
        Assert.That((Files.PathOf(key), Files.Locate(key)), Is.EqualTo(((string?)null, ((uint, uint, ulong)?)null)), "after a restart nothing is open");
        Assert.That(Nodes.Statistics, Is.EqualTo(new NodeCacheStatistics()), "and a report changes nothing");

        Assert.That(Files.OpenLockFile(key, out var locked), Is.EqualTo(VfsStatus.Ok));
        for (int i = 0; i <= 60; i++)
            Nodes.Tick();
        Assert.That(Nodes.Statistics.Nodes, Is.Zero);
        Assert.That(Files.Locate(key), Is.Not.Null, "a locked file is open as long as it is locked");
        locked!.Dispose();
        Assert.That(Files.Locate(key), Is.Null);
    });

    [Test]
    public void A_handle_survives_a_move_to_another_mount_point() => Run(() =>
    {
        byte[] handle;
        using (var root = Mount(AliceId))
        {
            Assert.That(Create(root, "f", out var made), Is.EqualTo(VfsStatus.Ok));
            Assert.That(Write(made, 0, "content"), Is.EqualTo(VfsStatus.Ok));
            handle = HandleOf(made);
            made.Dispose();
        }
        Assert.That(Files.ReleaseFileSystem(Exports.FileSystems.All.Single().Id, TimeSpan.FromSeconds(2)), Is.True);
        ThreadIdentity.BecomeRoot();
        Disk.MoveTo("elsewhere");
        Serve($"{Root} *(rw,insecure{FsIdOption})\n");
        Assert.That(Resolve(handle, AliceId, out var file), Is.EqualTo(VfsStatus.Ok));
        Assert.That(Read(file, 0, 100, out string data, out _), Is.EqualTo(VfsStatus.Ok));
        Assert.That(data, Is.EqualTo("content"));
        file.Dispose();
    });

    [Test]
    public void Forged_cut_and_foreign_handles_lead_nowhere() => Run(() =>
    {
        using var root = Mount(AliceId);
        Assert.That(Create(root, "f", out var file), Is.EqualTo(VfsStatus.Ok));
        byte[] handle = HandleOf(file);
        file.Dispose();
        byte[] forged = [.. handle];
        forged[25]++;
        Assert.That(Resolve(forged, AliceId, out _), Is.EqualTo(VfsStatus.BadHandle));
        Assert.That(Resolve(handle[..^1], AliceId, out _), Is.EqualTo(VfsStatus.BadHandle));
        Assert.That(Resolve([], AliceId, out _), Is.EqualTo(VfsStatus.BadHandle));
        byte[] foreign = [.. handle];
        foreign[10]++;
        Assert.That(Resolve(foreign, AliceId, out _), Is.EqualTo(VfsStatus.Stale));
        byte[] otherExport = [.. handle];
        otherExport[5]++;
        Assert.That(Resolve(otherExport, AliceId, out _), Is.EqualTo(VfsStatus.Stale));
    });

    [Test]
    public void A_removed_file_and_an_unexported_one_are_stale() => Run(() =>
    {
        using var root = Mount(AliceId);
        Assert.That(Create(root, "f", out var file), Is.EqualTo(VfsStatus.Ok));
        byte[] gone = HandleOf(file);
        file.Dispose();
        Assert.That(Files.Remove(root, "f"u8, out _), Is.EqualTo(VfsStatus.Ok));
        Assert.That(Resolve(gone, AliceId, out _), Is.EqualTo(VfsStatus.Stale));
        byte[] top = HandleOf(root);
        Assert.That(Exports.Remove(Root, null), Is.Empty);
        Assert.That(Resolve(top, AliceId, out _), Is.EqualTo(VfsStatus.Stale));
    });

    [Test]
    public void Another_client_and_an_unprivileged_port_are_refused() => Run(() =>
    {
        Serve($"{Root} 10.0.0.1(rw{FsIdOption})\n");
        var caller = new Caller { Client = NetAddress.FromV4(0x0A000001), FromPrivilegedPort = true };
        Assert.That(Files.ResolvePath(System.Text.Encoding.UTF8.GetBytes(Root), caller, out var root), Is.EqualTo(VfsStatus.Ok));
        byte[] handle = HandleOf(root);
        root.Dispose();
        Assert.That(Files.Resolve(handle, new Caller { Client = NetAddress.FromV4(0x0A00000A), FromPrivilegedPort = true }, out _), Is.EqualTo(VfsStatus.Stale));
        Assert.That(Files.Resolve(handle, new Caller { Client = NetAddress.FromV4(0x0A000001) }, out _), Is.EqualTo(VfsStatus.Access));
        Assert.That(Files.ResolvePath(System.Text.Encoding.UTF8.GetBytes(Root), new Caller { Client = NetAddress.FromV4(0x0A00000A), FromPrivilegedPort = true }, out _), Is.EqualTo(VfsStatus.Access));
    });

    [Test]
    public void Released_it_can_be_unmounted_and_is_found_again() => Run(() =>
    {
        byte[] handle;
        using (var root = Mount(AliceId))
        {
            Assert.That(Create(root, "f", out var made), Is.EqualTo(VfsStatus.Ok));
            Assert.That(Write(made, 0, "x", StableHow.FileSync), Is.EqualTo(VfsStatus.Ok));
            List(root);
            handle = HandleOf(made);
            made.Dispose();
        }
        Assert.That(Files.ReleaseFileSystem(Exports.FileSystems.All.Single().Id, TimeSpan.FromSeconds(2)), Is.True);
        ThreadIdentity.BecomeRoot();
        if (type == "ext4")
        {
            // MoveTo unmounts without -l: it fails if anything is still open.
            Disk.MoveTo("away");
            Assert.That(Resolve(handle, AliceId, out _), Is.EqualTo(VfsStatus.Stale), "another filesystem is at the mount point");
            Disk.MoveTo("mnt");
        }
        Assert.That(Resolve(handle, AliceId, out var file), Is.EqualTo(VfsStatus.Ok));
        Assert.That(Read(file, 0, 10, out string data, out _), Is.EqualTo(VfsStatus.Ok));
        Assert.That(data, Is.EqualTo("x"));
        file.Dispose();
    });

    [Test]
    public void A_filesystem_in_use_says_so() => Run(() =>
    {
        var root = Mount(AliceId);
        var id = Exports.FileSystems.All.Single().Id;
        Assert.That(Files.ReleaseFileSystem(id, TimeSpan.FromMilliseconds(20)), Is.False);
        root.Dispose();
        Assert.That(Files.ReleaseFileSystem(id, TimeSpan.FromSeconds(2)), Is.True);
    });

    [Test]
    public void The_servers_own_directory_is_not_there() => Run(() =>
    {
        using var root = Mount(0);
        Assert.That(Directory.Exists(Path.Combine(Root, ".nfsdctl")), Is.True);
        Assert.That(TestFileSystem.Run("stat", "-c", "%a %u", Path.Combine(Root, ".nfsdctl")).Trim(), Is.EqualTo("700 0"));
        Assert.That(new FileInfo(Path.Combine(Root, ".nfsdctl/handle.key")).Length, Is.EqualTo(16));
        Assert.That(Lookup(root, ".nfsdctl"), Is.EqualTo(VfsStatus.NoEnt));
        Assert.That(List(root), Does.Not.Contain(".nfsdctl"));
        Assert.That(Create(root, ".nfsdctl", out _), Is.EqualTo(VfsStatus.Access));
        Assert.That(Create(root, "f", out var file), Is.EqualTo(VfsStatus.Ok));
        file.Dispose();
        Assert.That(Files.Rename(root, "f"u8, root, ".nfsdctl"u8, out _, out _), Is.EqualTo(VfsStatus.Access));
        Assert.That(Files.Rename(root, ".nfsdctl"u8, root, "g"u8, out _, out _), Is.EqualTo(VfsStatus.Access));
        Assert.That(Files.RemoveDirectory(root, ".nfsdctl"u8, out _), Is.EqualTo(VfsStatus.Access));
        Assert.That(Files.MakeDirectory(root, "sub"u8, new SetAttributes { Mode = 0x1FF }, out var made, out _, out _), Is.EqualTo(VfsStatus.Ok));
        Assert.That(Create(made, ".nfsdctl", out var plain), Is.EqualTo(VfsStatus.Ok));
        plain.Dispose();
        made.Dispose();
    });

    [Test]
    public void Identities_are_found_demanded_and_kept_apart()
    {
        using var other = TestFileSystem.Tmpfs();
        IReadOnlyList<ExportError> Try(string text) => Exports.Replace(ExportParser.Parse("exports", text).Exports);
        Assert.That(Try($"{other.MountPoint} *(rw)\n").Single().ToString(), Does.StartWith("exports:1:").And.Contain("fsid="));
        Assert.That(Try($"{other.MountPoint} *(fsid=5)\n{Root} *(fsid=5)\n").Single().Message, Does.Contain("different filesystems with one identity"));
        Directory.CreateDirectory(Path.Combine(Root, "a"));
        Assert.That(Try($"{Root} *(fsid=5)\n{Root}/a *(fsid=6)\n").Single().Message, Does.Contain("on one filesystem"));
        Assert.That(Try($"{Root}/missing *(fsid=5)\n").Single().ToString(), Does.StartWith("exports:1:").And.Contain("does not exist"));
        Assert.That(Exports.Current.Exports.Single().Path, Is.EqualTo(Root), "the old exports stay");
        if (type != "ext4")
            return;
        string uuid = TestFileSystem.Run("findmnt", "-no", "UUID", Root).Trim();
        if (uuid.Length == 0)
            uuid = TestFileSystem.Run("blkid", "-o", "value", "-s", "UUID", TestFileSystem.Run("findmnt", "-no", "SOURCE", Root).Trim()).Trim();
        Assert.That(Exports.FileSystems.All.Single().Id.ToString(), Is.EqualTo(uuid));
    }
}
