using System.Text;
using NfsdCtl.Protocols.Nfs4;
using NfsdCtl.TestKit.FileSystems;
using NfsdCtl.TestKit.Nfs3;
using NfsdCtl.TestKit.Nfs4;
using NfsdCtl.Vfs.Exports;
using NfsdCtl.Wire.Xdr;
using static NfsdCtl.Protocols.Nfs4.nfs_opnum4;
using static NfsdCtl.Protocols.Nfs4.Nfs4Constants;

namespace NfsdCtl.SystemTests.Nfs4;

/// <summary>The tree that joins the exports.</summary>
public sealed class PseudoTests : SessionTestBase
{
    private static readonly ClientSpec Stranger = new(ClientKind.Host, "192.0.2.1") { Addresses = [NetAddress.FromV4(0xC000_0201)] };

    private string[] PathToExport => ExportPath.Split('/', StringSplitOptions.RemoveEmptyEntries);

    [Test]
    public void The_root_leads_to_the_export()
    {
        Assert.That(Walk(out byte[] handle, PathToExport), Is.EqualTo(Ok));
        Assert.That(handle, Is.EqualTo(Root));
        Assert.That(Walk(out _, "tmp", "nothing-exported-below"), Is.EqualTo(nfsstat4.NFS4ERR_NOENT));
        Assert.That(Walk(out byte[] first), Is.EqualTo(Ok));
        Assert.That(Get(first, FATTR4_TYPE, (ref XdrReader r) => r.U32()), Is.EqualTo((uint)nfs_ftype4.NF4DIR));
        Assert.That(Get(first, FATTR4_FSID, Fsid), Is.Not.EqualTo(Get(Root, FATTR4_FSID, Fsid)));
    }

    [Test]
    public void The_way_up_is_the_way_down()
    {
        var handles = new List<byte[]>();
        for (int depth = 0; depth <= PathToExport.Length; depth++)
        {
            Assert.That(Walk(out byte[] handle, PathToExport[..depth]), Is.EqualTo(Ok));
            handles.Add(handle);
        }
        for (int depth = PathToExport.Length; depth > 0; depth--)
        {
            var builder = new CompoundBuilder(2).Add(OP_SEQUENCE, Next()).Add(OP_PUTFH, (ref XdrWriter w) => w.Opaque(handles[depth])).Add(OP_LOOKUPP).Add(OP_GETFH);
            var result = builder.Send(Server.Channel);
            Assert.That(result.Status, Is.EqualTo(Ok));
            Assert.That(result.Body.AsSpan().EndsWith(handles[depth - 1]), $"above depth {depth}");
        }
        Assert.That(On(handles[0], OP_LOOKUPP, null, out _), Is.EqualTo(nfsstat4.NFS4ERR_NOENT));
    }

    [Test]
    public void Names_lead_where_they_say_and_only_for_who_may_go_there()
    {
        string path = Server.Nfs3.FileSystem.MountPoint;
        Server.Nfs3.Export(Nfs3TestServer.Everyone(ExportPath, Nfs3TestServer.Open), new Export(Path.Combine(path, "outside"), Stranger, Nfs3TestServer.Open));
        string[] above = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(Walk(out byte[] parent, above), Is.EqualTo(Ok));
        Assert.That(NamesOf(parent), Is.EqualTo(new[] { "export" }));
        Assert.That(Walk(out _, [.. above, "outside"]), Is.EqualTo(nfsstat4.NFS4ERR_NOENT));
        ulong change = Get(parent, FATTR4_CHANGE, (ref XdrReader r) => r.U64());
        Server.Nfs3.Export(Nfs3TestServer.Everyone(ExportPath, Nfs3TestServer.Open), Nfs3TestServer.Everyone(Path.Combine(path, "outside"), Nfs3TestServer.Open));
        Assert.That(NamesOf(parent), Is.EquivalentTo(new[] { "export", "outside" }));
        Assert.That(Get(parent, FATTR4_CHANGE, (ref XdrReader r) => r.U64()), Is.Not.EqualTo(change));
        Assert.That(Walk(out _, [.. above, "outside"]), Is.EqualTo(Ok));
    }

    [Test]
    public void A_handle_of_the_tree_is_good_as_long_as_it_leads_somewhere()
    {
        Assert.That(Walk(out byte[] parent, PathToExport[..^1]), Is.EqualTo(Ok));
        Assert.That(On(parent, OP_GETFH, null, out _), Is.EqualTo(Ok));
        Server.Nfs3.Export(new Export(ExportPath, Stranger, Nfs3TestServer.Open));
        Assert.That(On(parent, OP_GETFH, null, out _), Is.EqualTo(nfsstat4.NFS4ERR_STALE));
        Assert.That(On(parent[..^1], OP_GETFH, null, out _), Is.EqualTo(nfsstat4.NFS4ERR_BADHANDLE));
        Assert.That(Walk(out byte[] root), Is.EqualTo(Ok), "the root is there for everyone");
        Assert.That(NamesOf(root), Is.Empty);
    }

    [Test]
    public void Nothing_is_changed_in_the_tree()
    {
        Assert.That(Walk(out byte[] root), Is.EqualTo(Ok));
        Assert.Multiple(() =>
        {
            Assert.That(On(root, OP_REMOVE, (ref XdrWriter w) => w.Opaque("tmp"u8), out _), Is.EqualTo(nfsstat4.NFS4ERR_ROFS));
            Assert.That(Set(root, FATTR4_MODE, (ref XdrWriter w) => w.U32(0)), Is.EqualTo(nfsstat4.NFS4ERR_ROFS));
            Assert.That(On(root, OP_SETXATTR, (ref XdrWriter w) => { w.U32(0); w.Opaque("a"u8); w.Opaque("b"u8); }, out _), Is.EqualTo(nfsstat4.NFS4ERR_ROFS));
            Assert.That(Get(root, FATTR4_ACL), Is.Null);
        });
    }

    [Test]
    public void The_root_of_an_export_is_opened_by_its_name_as_a_directory_is_and_nothing_stays_behind()
    {
        Assert.That(Walk(out byte[] parent, PathToExport[..^1]), Is.EqualTo(Ok));
        string name = PathToExport[^1];
        var later = new CompoundBuilder(2).Add(OP_SEQUENCE, Next()).PutFh(parent).Open("owner", name).Send(Server.Channel);
        Assert.That(later.Status, Is.EqualTo(nfsstat4.NFS4ERR_ISDIR));
        var client = new Nfs4ConfirmedClient(Server.Channel, "4.0");
        for (uint seqid = 1; seqid < 4; seqid++)
            Assert.That(client.Try(client.Compound().PutFh(parent).Open("owner", name, seqid: seqid, clientId: client.ClientId)).Status, Is.EqualTo(nfsstat4.NFS4ERR_ISDIR), "the owner is not held up");
        foreach (var fileSystem in Server.Nfs3.Exports.FileSystems.All)
            Assert.That(Server.Nfs3.Files.ReleaseFileSystem(fileSystem.Id, TimeSpan.FromSeconds(1)), Is.True);
    }

    [Test]
    public void An_export_is_mounted_where_the_tree_shows_it()
    {
        Assert.That(Walk(out byte[] parent, PathToExport[..^1]), Is.EqualTo(Ok));
        ulong mountedOn = Get(Root, FATTR4_MOUNTED_ON_FILEID, (ref XdrReader r) => r.U64());
        Assert.That(mountedOn, Is.Not.EqualTo(Get(Root, FATTR4_FILEID, (ref XdrReader r) => r.U64())));
        Assert.That(Entries(parent, FATTR4_MOUNTED_ON_FILEID).Select(e => new XdrReader(e.Value).U64()), Is.EqualTo(new[] { mountedOn }));
    }

    [Test]
    public void A_filesystem_that_is_mounted_in_an_export_is_entered_where_it_is_exported()
    {
        using var inner = TestFileSystem.Tmpfs("size=4m");
        Directory.CreateDirectory(Path.Combine(ExportPath, "inner"));
        Directory.CreateDirectory(Path.Combine(inner.MountPoint, "of-inner"));
        inner.MoveTo("unused");
        TestFileSystem.Run("mount", "--bind", inner.MountPoint, Path.Combine(ExportPath, "inner"));
        try
        {
            Assert.That(NamesOf(Root), Is.Empty, "a mount that is not exported");
            string path = Path.Combine(ExportPath, "inner");
            Server.Nfs3.Export(Nfs3TestServer.Everyone(ExportPath, Nfs3TestServer.Open),
                Nfs3TestServer.Everyone(path, Nfs3TestServer.Open with { FsId = FsId.FromNumber(72) }));
            // What was read of the directory before is kept as long as it does not change.
            Directory.CreateDirectory(Path.Combine(ExportPath, "other"));
            Assert.That(NamesOf(Root), Is.EquivalentTo(new[] { "inner", "other" }));
            byte[] crossed = Lookup("inner");
            Assert.That(NamesOf(crossed), Is.EqualTo(new[] { "of-inner" }));
            Assert.That(Get(crossed, FATTR4_FSID, Fsid), Is.Not.EqualTo(Get(Root, FATTR4_FSID, Fsid)));
            var up = new CompoundBuilder(2).Add(OP_SEQUENCE, Next()).Add(OP_PUTFH, (ref XdrWriter w) => w.Opaque(crossed)).Add(OP_LOOKUPP).Add(OP_GETFH).Send(Server.Channel);
            Assert.That(up.Body.AsSpan().EndsWith(Root), "the way up leads through the outer export");
        }
        finally
        {
            Server.Nfs3.Export(Nfs3TestServer.Everyone(ExportPath, Nfs3TestServer.Open));
            foreach (var fileSystem in Server.Nfs3.Exports.FileSystems.All)
                Server.Nfs3.Files.ReleaseFileSystem(fileSystem.Id, TimeSpan.FromSeconds(1));
            TestFileSystem.Run("umount", Path.Combine(ExportPath, "inner"));
        }
    }

    private static (ulong, ulong) Fsid(ref XdrReader r) => (r.U64(), r.U64());

    private string[] NamesOf(byte[] directory) => [.. Entries(directory, FATTR4_FILEID).Select(e => e.Name)];

    private List<(string Name, byte[] Value)> Entries(byte[] directory, long attribute)
    {
        var status = On(directory, OP_READDIR, (ref XdrWriter w) =>
        {
            w.U64(0);
            w.Fixed(new byte[8]);
            w.U32(4096);
            w.U32(8192);
            Protocols.Nfs4.Attributes.AttributeSet.Of((int)attribute).Write(ref w);
        }, out byte[] body);
        Assert.That(status, Is.EqualTo(Ok));
        var entries = new List<(string, byte[])>();
        var reader = new XdrReader(body);
        reader.U64();
        while (reader.Bool())
        {
            reader.U64();
            string name = Encoding.UTF8.GetString(reader.Opaque(255));
            Protocols.Nfs4.Attributes.AttributeSet.Read(ref reader);
            entries.Add((name, reader.Opaque(1000).ToArray()));
        }
        Assert.That((reader.Bool(), reader.Failed), Is.EqualTo((true, false)));
        return entries;
    }
}
