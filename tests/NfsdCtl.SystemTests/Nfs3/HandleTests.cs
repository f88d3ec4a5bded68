using NfsdCtl.Protocols.Mount;
using NfsdCtl.Protocols.Nfs3;
using NfsdCtl.TestKit.Nfs3;
using NfsdCtl.Vfs.Exports;

namespace NfsdCtl.SystemTests.Nfs3;

/// <summary>What handles survive, and what cannot be reached with them; MOUNT (RFC 1813 §5).</summary>
public class HandleTests(string type) : Nfs3TestBase(type)
{
    private string Outside => Path.Combine(FileSystem.MountPoint, "outside");

    [Test]
    public void Handles_survive_a_restart_and_a_rename()
    {
        byte[] file = FileOf("f", "x"u8);
        var before = AttributesOf(file);
        Server.Restart();
        Assert.That(AttributesOf(file), Is.EqualTo(before));
        Assert.That(Nfs.Rename(Dir, "f", Server.Root, "moved").Status, Is.EqualTo(Ok));
        Assert.That(AttributesOf(file).fileid, Is.EqualTo(before.fileid));
        Assert.That(Nfs.Remove(Server.Root, "moved").Status, Is.EqualTo(Ok));
    }

    [Test]
    public void Handles_survive_a_move_to_another_mount_point()
    {
        byte[] file = FileOf("f", "x"u8);
        var before = AttributesOf(file);
        var root = Server.Root;
        Server.Dispose();
        FileSystem.MoveTo("elsewhere" + Guid.NewGuid().ToString("N")[..6]);
        StartServer();
        Assert.That(Server.Root, Is.EqualTo(root));
        Assert.That(AttributesOf(file), Is.EqualTo(before with { atime = AttributesOf(file).atime }));
    }

    [Test]
    public void The_parent_of_the_root_is_the_root()
    {
        var up = Nfs.Lookup(Server.Root, "..");
        Assert.That((up.Status, AttributesOf(up.Handle).fileid), Is.EqualTo((Ok, AttributesOf(Server.Root).fileid)));
        Assert.That(AttributesOf(Nfs.Lookup(Dir, "..").Handle).fileid, Is.EqualTo(AttributesOf(Server.Root).fileid));
        Assert.That(AttributesOf(Nfs.Lookup(Dir, ".").Handle).fileid, Is.EqualTo(AttributesOf(Dir).fileid));
    }

    [Test]
    public void A_symlink_leads_nowhere_on_the_server()
    {
        File.WriteAllText(Path.Combine(Outside, "secret"), "secret");
        foreach (string target in new[] { Outside, "../../outside", "/etc" })
        {
            Assert.That(Nfs.Remove(Dir, "l").Status, Is.EqualTo(Ok).Or.EqualTo(nfsstat3.NFS3ERR_NOENT));
            byte[] link = Made(Nfs.SymLink(Dir, "l", target));
            Assert.That(Nfs.Lookup(link, "secret").Status, Is.EqualTo(nfsstat3.NFS3ERR_NOTDIR));
            Assert.That(Nfs.Create(link, "x").Status, Is.EqualTo(nfsstat3.NFS3ERR_NOTDIR));
            Assert.That(Nfs.ReadDir(link).Status, Is.EqualTo(nfsstat3.NFS3ERR_NOTDIR));
            Assert.That(AttributesOf(Nfs.Lookup(Dir, "l").Handle).type, Is.EqualTo(ftype3.NF3LNK));
            Assert.That(Nfs.Create(Dir, "l", createmode3.UNCHECKED, Nfs3Client.Set(size: 0)).Status, Is.EqualTo(nfsstat3.NFS3ERR_EXIST));
            Assert.That(Server.Mnt(Path.Combine(DirPath, "l")).Status, Is.Not.EqualTo(mountstat3.MNT3_OK));
        }
        Assert.That(File.ReadAllText(Path.Combine(Outside, "secret")), Is.EqualTo("secret"));
    }

    [Test]
    public void The_servers_own_directory_is_neither_seen_nor_reached()
    {
        Server.Export(Nfs3TestServer.Everyone(FileSystem.MountPoint, Nfs3TestServer.Open));
        var (status, root, _) = Server.Mnt(FileSystem.MountPoint);
        Assert.That(status, Is.EqualTo(mountstat3.MNT3_OK));
        Assert.That(Directory.Exists(Path.Combine(FileSystem.MountPoint, ".nfsdctl")), Is.True);
        Assert.Multiple(() =>
        {
            Assert.That(Nfs.List(root).Select(e => e.Name), Has.No.Member(".nfsdctl"));
            Assert.That(Nfs.List(root, plus: true).Select(e => e.Name), Has.No.Member(".nfsdctl"));
            Assert.That(Nfs.Lookup(root, ".nfsdctl").Status, Is.EqualTo(nfsstat3.NFS3ERR_NOENT));
            Assert.That(Nfs.MkDir(root, ".nfsdctl").Status, Is.EqualTo(nfsstat3.NFS3ERR_ACCES));
            Assert.That(Nfs.Rename(root, ".nfsdctl", root, "mine").Status, Is.Not.EqualTo(Ok));
            Assert.That(Nfs.RmDir(root, ".nfsdctl").Status, Is.Not.EqualTo(Ok));
            Assert.That(Server.Mnt(FileSystem.MountPoint + "/.nfsdctl").Status, Is.Not.EqualTo(mountstat3.MNT3_OK));
            Assert.That(Nfs.Create(Made(Nfs.MkDir(root, "deeper" + Guid.NewGuid())), ".nfsdctl").Status, Is.EqualTo(Ok), "an ordinary name elsewhere");
        });
    }

    [Test]
    public void A_handle_of_an_export_that_is_gone_is_stale()
    {
        byte[] file = FileOf("f", "x"u8);
        Assert.That(Server.Exports.Remove(Server.ExportPath, null), Is.Empty);
        Assert.That(Nfs.GetAttr(file).Status, Is.EqualTo(nfsstat3.NFS3ERR_STALE));
        Server.Export(Nfs3TestServer.Everyone(Server.ExportPath, Nfs3TestServer.Open));
        Assert.That(Nfs.GetAttr(file).Status, Is.EqualTo(Ok));
    }

    [Test]
    public void A_handle_is_good_for_the_clients_of_its_export_only()
    {
        byte[] file = FileOf("f", "x"u8);
        Server.Export(new Export(Server.ExportPath, new ClientSpec(ClientKind.Host, "10.0.0.1") { Addresses = [NetAddress.FromV4(0x0A000001)] }, Nfs3TestServer.Open));
        Assert.That(Nfs.GetAttr(file).Status, Is.EqualTo(nfsstat3.NFS3ERR_STALE).Or.EqualTo(nfsstat3.NFS3ERR_ACCES));
        Assert.That(Server.Mnt(Server.ExportPath).Status, Is.EqualTo(mountstat3.MNT3ERR_ACCES));
        Server.Channel.Client = NetAddress.FromV4(0x0A00000A);
        Assert.That(Nfs.GetAttr(file).Status, Is.Not.EqualTo(Ok), "10.0.0.10 is not 10.0.0.1");
        Server.Channel.Client = NetAddress.FromV4(0x0A000001);
        Assert.That(Nfs.GetAttr(file).Status, Is.EqualTo(Ok));
    }

    [Test]
    public void A_rename_or_link_into_another_export_is_xdev()
    {
        Server.Export(
            Nfs3TestServer.Everyone(Server.ExportPath, Nfs3TestServer.Open),
            Nfs3TestServer.Everyone(Outside, Nfs3TestServer.Open));
        var (_, outside, _) = Server.Mnt(Outside);
        byte[] file = FileOf("f", "x"u8);
        Assert.That(Nfs.Rename(Dir, "f", outside, "f").Status, Is.EqualTo(nfsstat3.NFS3ERR_XDEV));
        Assert.That(Nfs.Link(file, outside, "f").Status, Is.EqualTo(nfsstat3.NFS3ERR_XDEV));
    }

    [Test]
    public void Mnt_gives_the_handle_of_an_export_and_of_what_is_below()
    {
        var root = Server.Mnt(Server.ExportPath);
        Assert.That((root.Status, root.Handle.Length), Is.EqualTo((mountstat3.MNT3_OK, Server.Root.Length)));
        Assert.That(root.Handle, Is.EqualTo(Server.Root).And.Length.LessThanOrEqualTo(64));
        Assert.That(root.Flavors, Is.EqualTo(new[] { 1 }));
        Assert.That(Server.Mnt(DirPath).Handle, Is.EqualTo(Dir));
        Assert.That(Server.Mnt(DirPath + "/").Handle, Is.EqualTo(Dir));
        Assert.That(Server.Mounts.Snapshot().Select(m => m.Path), Does.Contain(DirPath));
    }

    [TestCase("", mountstat3.MNT3ERR_NOENT)]
    [TestCase("relative", mountstat3.MNT3ERR_INVAL)]
    [TestCase("/", mountstat3.MNT3ERR_ACCES)]
    [TestCase("/etc", mountstat3.MNT3ERR_ACCES)]
    [TestCase("EXPORT/none", mountstat3.MNT3ERR_NOENT)]
    [TestCase("EXPORT/file", mountstat3.MNT3ERR_NOTDIR)]
    [TestCase("EXPORT/../outside", mountstat3.MNT3ERR_NOENT)]
    [TestCase("EXPORTx", mountstat3.MNT3ERR_ACCES)]
    public void Mnt_refuses(string path, mountstat3 expected)
    {
        File.WriteAllText(Path.Combine(Server.ExportPath, "file"), "");
        var result = Server.Mnt(path.Replace("EXPORT", Server.ExportPath, StringComparison.Ordinal));
        Assert.That(result.Status, Is.EqualTo(expected));
        Assert.That(result.Handle, Is.Empty);
    }

    [Test]
    public void The_filesystem_can_be_unmounted_at_once_and_is_found_again()
    {
        byte[] file = FileOf("f", "x"u8);
        Assert.That(Nfs.Read(file, 0, 1).Status, Is.EqualTo(Ok));
        Assert.That(Nfs.Write(file, 0, "y"u8, stable_how.UNSTABLE).Status, Is.EqualTo(Ok));
        Assert.That(Server.Files.ReleaseFileSystem(Nfs3TestServer.Open.FsId!.Value, TimeSpan.FromSeconds(1)), Is.True);
        string open = string.Join('\n', Directory.GetFiles("/proc/self/fd").Select(fd => new FileInfo(fd).LinkTarget));
        Assert.That(open, Does.Not.Contain(FileSystem.MountPoint));
        Assert.That(Nfs.Read(file, 0, 1).Data, Is.EqualTo("y"u8.ToArray()));
    }
}
