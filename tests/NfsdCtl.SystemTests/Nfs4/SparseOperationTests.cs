using System.Text;
using NfsdCtl.Protocols.Nfs4;
using NfsdCtl.TestKit.Nfs4;
using NfsdCtl.Wire.Xdr;
using static NfsdCtl.Protocols.Nfs4.nfs_opnum4;

namespace NfsdCtl.SystemTests.Nfs4;

/// <summary>The operations of minor version 2, under the anonymous stateid.</summary>
public sealed class SparseOperationTests : SessionTestBase
{
    private const ulong Far = 1 << 20;

    private static readonly byte[] Anonymous = new byte[16];

    private byte[] MakeSparse(string name)
    {
        byte[] handle = MakeFile(name);
        using var file = File.OpenWrite(Path.Combine(ExportPath, name));
        file.Position = (long)Far;
        file.Write("data"u8);
        return handle;
    }

    [Test]
    public void Seek_tells_data_holes_and_the_end()
    {
        byte[] file = MakeSparse("f");
        Assert.That(Seek(file, 0, 0), Is.EqualTo((Ok, false, Far)));
        Assert.That(Seek(file, 0, 1), Is.EqualTo((Ok, false, 0UL)));
        Assert.That(Seek(file, Far, 1), Is.EqualTo((Ok, true, Far + 4)));
        Assert.That(Seek(file, Far + 4, 0).Status, Is.EqualTo(nfsstat4.NFS4ERR_NXIO));
        Assert.That(Seek(file, 0, 2).Status, Is.EqualTo(nfsstat4.NFS4ERR_UNION_NOTSUPP));
        Assert.That(Seek(Root, 0, 0).Status, Is.EqualTo(nfsstat4.NFS4ERR_ISDIR));
    }

    [Test]
    public void Read_plus_sends_data_and_tells_holes()
    {
        byte[] file = MakeSparse("f");
        var status = On(file, OP_READ_PLUS, (ref XdrWriter w) => { w.Fixed(Anonymous); w.U64(Far - 100); w.U32(1000); }, out byte[] body);
        Assert.That(status, Is.EqualTo(Ok));
        var reader = new XdrReader(body);
        Assert.That((reader.Bool(), reader.U32()), Is.EqualTo((true, 2u)));
        Assert.That((reader.U32(), reader.U64(), reader.U64()), Is.EqualTo(((uint)data_content4.NFS4_CONTENT_HOLE, Far - 100, 100UL)));
        Assert.That((reader.U32(), reader.U64()), Is.EqualTo(((uint)data_content4.NFS4_CONTENT_DATA, Far)));
        Assert.That(Encoding.UTF8.GetString(reader.Opaque(100)), Is.EqualTo("data"));
        Assert.That((reader.Failed, reader.Remaining), Is.EqualTo((false, 0)));
        On(file, OP_READ_PLUS, (ref XdrWriter w) => { w.Fixed(Anonymous); w.U64(ulong.MaxValue); w.U32(1000); }, out body);
        reader = new XdrReader(body);
        Assert.That((reader.Bool(), reader.U32(), reader.Remaining), Is.EqualTo((true, 0u, 0)));
    }

    [Test]
    public void Allocate_lengthens_and_deallocate_makes_zeros()
    {
        byte[] file = MakeFile("f", "content");
        string path = Path.Combine(ExportPath, "f");
        OperationArguments range = (ref XdrWriter w) => { w.Fixed(Anonymous); w.U64(0); w.U64(8192); };
        Assert.That(On(file, OP_ALLOCATE, range, out _), Is.EqualTo(Ok));
        Assert.That(new FileInfo(path).Length, Is.EqualTo(8192));
        Assert.That(On(file, OP_DEALLOCATE, range, out _), Is.EqualTo(Ok));
        Assert.That(File.ReadAllBytes(path), Is.EqualTo(new byte[8192]));
    }

    [Test]
    public void Copy_is_done_when_it_is_answered()
    {
        byte[] from = MakeFile("from", "0123456789"), to = MakeFile("to");
        var status = On(from, to, OP_COPY, Range(2, 0, 5, copy: true), out byte[] body);
        Assert.That(status, Is.EqualTo(Ok));
        var reader = new XdrReader(body);
        Assert.That((reader.U32(), reader.U64(), reader.U32()), Is.EqualTo((0u, 5UL, (uint)stable_how4.UNSTABLE4)));
        reader.U64();
        Assert.That((reader.Bool(), reader.Bool(), reader.Failed, reader.Remaining), Is.EqualTo((true, true, false, 0)));
        Assert.That(File.ReadAllText(Path.Combine(ExportPath, "to")), Is.EqualTo("23456"));
        Assert.That(On(from, to, OP_COPY, Range(8, 0, 5, copy: true), out _), Is.EqualTo(nfsstat4.NFS4ERR_INVAL));
        Assert.That(On(to, OP_COPY, Range(0, 0, 1, copy: true), out _), Is.EqualTo(nfsstat4.NFS4ERR_NOFILEHANDLE));
        Assert.That(On(Root, to, OP_COPY, Range(0, 0, 1, copy: true), out _), Is.EqualTo(nfsstat4.NFS4ERR_ISDIR));
    }

    [Test]
    public void Clone_says_that_this_filesystem_cannot()
    {
        byte[] from = MakeFile("from", "0123456789"), to = MakeFile("to");
        Assert.That(On(from, to, OP_CLONE, Range(0, 0, 0, copy: false), out _), Is.EqualTo(nfsstat4.NFS4ERR_NOTSUPP));
    }

    [Test]
    public void Advice_is_answered_with_what_was_taken()
    {
        byte[] file = MakeFile("f", "content");
        uint hints = 1u << (int)IO_ADVISE_type4.IO_ADVISE4_SEQUENTIAL | 1u << (int)IO_ADVISE_type4.IO_ADVISE4_READ;
        Assert.That(On(file, OP_IO_ADVISE, (ref XdrWriter w) => { w.Fixed(Anonymous); w.U64(0); w.U64(0); w.U32(1); w.U32(hints); }, out byte[] body), Is.EqualTo(Ok));
        var reader = new XdrReader(body);
        Assert.That((reader.U32(), reader.U32()), Is.EqualTo((1u, 1u << (int)IO_ADVISE_type4.IO_ADVISE4_SEQUENTIAL)));
    }

    [Test]
    public void Extended_attributes_come_and_go()
    {
        byte[] file = MakeFile("f");
        Assert.That(SetXattr(file, 2, "colour", "red"), Is.EqualTo(nfsstat4.NFS4ERR_NOXATTR));
        Assert.That(SetXattr(file, 1, "colour", "red"), Is.EqualTo(Ok));
        Assert.That(SetXattr(file, 1, "colour", "blue"), Is.EqualTo(nfsstat4.NFS4ERR_EXIST));
        Assert.That(SetXattr(file, 3, "colour", "blue"), Is.EqualTo(nfsstat4.NFS4ERR_BADXDR));
        Assert.That(SetXattr(file, 0, "size", ""), Is.EqualTo(Ok));
        Assert.That(On(file, OP_GETXATTR, (ref XdrWriter w) => w.Opaque("colour"u8), out byte[] body), Is.EqualTo(Ok));
        Assert.That(Encoding.UTF8.GetString(new XdrReader(body).Opaque(100)), Is.EqualTo("red"));
        Assert.That(On(file, OP_GETXATTR, (ref XdrWriter w) => w.Opaque("size"u8), out body), Is.EqualTo(Ok));
        Assert.That(body, Is.EqualTo(new byte[4]));
        Assert.That(ListAll(file, 1000), Is.EquivalentTo(new[] { "colour", "size" }));
        Assert.That(ListAll(file, 32), Is.EquivalentTo(new[] { "colour", "size" }), "one at a time");
        Assert.That(On(file, OP_LISTXATTRS, (ref XdrWriter w) => { w.U64(0); w.U32(16); }, out _), Is.EqualTo(nfsstat4.NFS4ERR_TOOSMALL));
        Assert.That(On(file, OP_LISTXATTRS, (ref XdrWriter w) => { w.U64(9); w.U32(1000); }, out _), Is.EqualTo(nfsstat4.NFS4ERR_BAD_COOKIE));
        Assert.That(On(file, OP_REMOVEXATTR, (ref XdrWriter w) => w.Opaque("colour"u8), out _), Is.EqualTo(Ok));
        Assert.That(On(file, OP_REMOVEXATTR, (ref XdrWriter w) => w.Opaque("colour"u8), out _), Is.EqualTo(nfsstat4.NFS4ERR_NOXATTR));
    }

    private static OperationArguments Range(ulong from, ulong to, ulong count, bool copy) => (ref XdrWriter w) =>
    {
        w.Fixed(Anonymous);
        w.Fixed(Anonymous);
        w.U64(from);
        w.U64(to);
        w.U64(count);
        if (!copy)
            return;
        w.Bool(true);
        w.Bool(false);
        w.U32(0);
    };

    private (nfsstat4 Status, bool End, ulong Position) Seek(byte[] file, ulong offset, uint what)
    {
        var status = On(file, OP_SEEK, (ref XdrWriter w) => { w.Fixed(Anonymous); w.U64(offset); w.U32(what); }, out byte[] body);
        var reader = new XdrReader(body);
        return status == Ok ? (status, reader.Bool(), reader.U64()) : (status, false, 0);
    }

    private nfsstat4 SetXattr(byte[] file, uint how, string name, string value) => On(file, OP_SETXATTR, (ref XdrWriter w) =>
    {
        w.U32(how);
        w.Opaque(Encoding.UTF8.GetBytes(name));
        w.Opaque(Encoding.UTF8.GetBytes(value));
    }, out _);

    private List<string> ListAll(byte[] file, uint maxcount)
    {
        var names = new List<string>();
        ulong cookie = 0;
        for (bool end = false; !end;)
        {
            Assert.That(On(file, OP_LISTXATTRS, (ref XdrWriter w) => { w.U64(cookie); w.U32(maxcount); }, out byte[] body), Is.EqualTo(Ok));
            var reader = new XdrReader(body);
            cookie = reader.U64();
            uint count = reader.U32();
            for (uint i = 0; i < count; i++)
                names.Add(Encoding.UTF8.GetString(reader.Opaque(255)));
            end = reader.Bool();
            Assert.That((reader.Failed, reader.Remaining), Is.EqualTo((false, 0)));
        }
        return names;
    }
}
