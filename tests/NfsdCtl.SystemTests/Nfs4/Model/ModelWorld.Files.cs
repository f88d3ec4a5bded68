using System.Text;
using NfsdCtl.Protocols.Nfs4;
using NfsdCtl.Protocols.Nfs4.Attributes;
using NfsdCtl.State.Nfs4;
using NfsdCtl.TestKit.Nfs4;
using NfsdCtl.Wire.Xdr;
using static NfsdCtl.Protocols.Nfs4.nfs_ftype4;
using static NfsdCtl.Protocols.Nfs4.nfs_opnum4;
using static NfsdCtl.Protocols.Nfs4.Nfs4Constants;
using static NfsdCtl.Protocols.Nfs4.nfsstat4;

namespace NfsdCtl.SystemTests.Nfs4.Model;

/// <summary>Attributes, data, and names that go and move.</summary>
internal sealed partial class ModelWorld
{
    private ModelOperation GetAttr()
    {
        var node = current;
        OperationArguments arguments = (ref XdrWriter w) => OperationWriters.WriteBitmap([FATTR4_TYPE, FATTR4_SIZE, FATTR4_MODE, FATTR4_NUMLINKS], ref w);
        if (node is null)
            return Failed(OP_GETATTR, arguments, NFS4_OK);
        var (type, size, mode, links) = (node.Type, node.Size, node.Mode, node.LinkCount);
        return new(OP_GETATTR, arguments, NFS4_OK, (ref XdrReader body) =>
        {
            Assert.That(AttributeSet.Read(ref body), Is.EqualTo(AttributeSet.Of(FATTR4_TYPE, FATTR4_SIZE, FATTR4_MODE, FATTR4_NUMLINKS)));
            body.U32();
            Assert.That((nfs_ftype4)body.U32(), Is.EqualTo(type), "type");
            ulong told = body.U64();
            // How long a directory is, is the filesystem's business; and the mode of a link.
            if (type != NF4DIR)
                Assert.That(told, Is.EqualTo(size), "size");
            uint toldMode = body.U32();
            if (type != NF4LNK)
                Assert.That(toldMode, Is.EqualTo(mode), "mode");
            Assert.That(body.U32(), Is.EqualTo(links), "numlinks");
        });
    }

    private ModelOperation? SetMode(uint mode)
    {
        // Linux has no modes of links.
        if (current is { Type: NF4LNK })
            return null;
        if (current is not null)
            current.Mode = mode;
        return new(OP_SETATTR, Setting(FATTR4_MODE, (ref XdrWriter w) => w.U32(mode)), NFS4_OK, static (ref XdrReader body) => AttributeSet.Read(ref body));
    }

    private ModelOperation SetSize(int size)
    {
        var status = current is null ? NFS4_OK : RegularOnly(current);
        if (current is { IsFile: true })
            current.Truncate(size);
        return new(
            OP_SETATTR, Setting(FATTR4_SIZE, (ref XdrWriter w) => w.U64((ulong)size)), status, static (ref XdrReader body) => AttributeSet.Read(ref body));
    }

    private static OperationArguments Setting(int attribute, OperationArguments value) => (ref XdrWriter w) =>
    {
        w.Fixed(new byte[StateId.Size]);
        var values = new XdrWriter(new byte[16]);
        value(ref values);
        OperationWriters.WriteBitmap([attribute], ref w);
        w.Opaque(values.Written);
    };

    private ModelOperation Write(int offset, int length)
    {
        byte[] data = [.. Enumerable.Range(offset, length).Select(i => (byte)(i * 31 + length))];
        OperationArguments arguments = (ref XdrWriter w) =>
        {
            w.Fixed(new byte[StateId.Size]);
            w.U64((ulong)offset);
            w.U32((uint)stable_how4.UNSTABLE4);
            w.Opaque(data);
        };
        var status = current is null ? NFS4_OK : RegularOnly(current);
        if (current is null || status != NFS4_OK)
            return Failed(OP_WRITE, arguments, status);
        current.Write(offset, data);
        return new(OP_WRITE, arguments, NFS4_OK, (ref XdrReader body) =>
        {
            Assert.That(body.U32(), Is.EqualTo((uint)length), "count");
            body.U32();
            body.U64();
        });
    }

    private ModelOperation Read(int offset, int length)
    {
        OperationArguments arguments = (ref XdrWriter w) =>
        {
            w.Fixed(new byte[StateId.Size]);
            w.U64((ulong)offset);
            w.U32((uint)length);
        };
        var status = current is null ? NFS4_OK : RegularOnly(current);
        if (current is null || status != NFS4_OK)
            return Failed(OP_READ, arguments, status);
        byte[] expected = current.Data.Skip(offset).Take(length).ToArray();
        bool end = offset + expected.Length >= current.Data.Length;
        return new(OP_READ, arguments, NFS4_OK, (ref XdrReader body) =>
        {
            Assert.That(body.Bool(), Is.EqualTo(end), "eof");
            Assert.That(body.Opaque(1 << 20).ToArray(), Is.EqualTo(expected), "data");
        });
    }

    private ModelOperation VerifySize(nfs_opnum4 number, bool truly, nfsstat4 same, nfsstat4 other)
    {
        ulong size = (current?.Size ?? 0) + (truly ? 0u : 1);
        var status = current is { IsDirectory: true } ? other : truly ? same : other;
        // How long a directory is, is the filesystem's business: nothing is as long as this.
        if (current is { IsDirectory: true })
            size = ulong.MaxValue;
        return new(number, (ref XdrWriter w) => { OperationWriters.WriteBitmap([FATTR4_SIZE], ref w); w.U32(8); w.U64(size); }, status);
    }

    private ModelOperation ReadLink()
    {
        if (current is not { Type: NF4LNK } link)
            return Failed(OP_READLINK, null, client.MinorVersion == 0 ? NFS4ERR_INVAL : NFS4ERR_WRONG_TYPE);
        return new(OP_READLINK, null, NFS4_OK, (ref XdrReader body) =>
            Assert.That(Encoding.UTF8.GetString(body.Opaque(4096)), Is.EqualTo(link.Target)));
    }

    private ModelOperation ReadDir()
    {
        OperationArguments arguments = (ref XdrWriter w) =>
        {
            w.U64(0);
            w.U64(0);
            w.U32(8192);
            w.U32(32768);
            OperationWriters.WriteBitmap([FATTR4_TYPE], ref w);
        };
        if (current is not { IsDirectory: true } directory)
            return Failed(OP_READDIR, arguments, NFS4ERR_NOTDIR);
        var expected = directory.Names.Select(n => (n.Key, n.Value.Type)).ToList();
        return new(OP_READDIR, arguments, NFS4_OK, (ref XdrReader body) =>
        {
            body.U64();
            var told = new List<(string, nfs_ftype4)>();
            while (body.Bool())
            {
                body.U64();
                string name = Encoding.UTF8.GetString(body.Opaque(255));
                AttributeSet.Read(ref body);
                body.U32();
                told.Add((name, (nfs_ftype4)body.U32()));
            }
            Assert.That(body.Bool(), Is.True, "eof");
            Assert.That(told, Is.EquivalentTo(expected));
        });
    }

    private ModelOperation Remove(string name)
    {
        if (current is null)
            return Failed(OP_REMOVE, Text(name), NFS4_OK);
        var status = !current.IsDirectory ? NFS4ERR_NOTDIR : CheckName(name);
        if (status == NFS4_OK && !current.Names.ContainsKey(name))
            status = NFS4ERR_NOENT;
        if (status == NFS4_OK && current.Names[name].Names.Count > 0)
            status = NFS4ERR_NOTEMPTY;
        if (status != NFS4_OK)
            return Failed(OP_REMOVE, Text(name), status);
        current.Names.Remove(name, out var removed);
        removed!.Links--;
        return new(OP_REMOVE, Text(name), NFS4_OK, ChangeInfo);
    }

    private ModelOperation Link(string name)
    {
        if (current is null)
            return Failed(OP_LINK, Text(name), NFS4_OK);
        var status = saved is null ? NFS4ERR_NOFILEHANDLE
            : saved.IsDirectory ? NFS4ERR_ISDIR
            : !current.IsDirectory ? NFS4ERR_NOTDIR
            : CheckName(name);
        if (status == NFS4_OK && current.Names.ContainsKey(name))
            status = NFS4ERR_EXIST;
        if (status != NFS4_OK)
            return Failed(OP_LINK, Text(name), status);
        current.Names.Add(name, saved!);
        saved!.Links++;
        return new(OP_LINK, Text(name), NFS4_OK, ChangeInfo);
    }

    private ModelOperation Rename(string from, string to)
    {
        OperationArguments arguments = (ref XdrWriter w) =>
        {
            w.Opaque(Encoding.UTF8.GetBytes(from));
            w.Opaque(Encoding.UTF8.GetBytes(to));
        };
        if (current is null)
            return Failed(OP_RENAME, arguments, NFS4_OK);
        var status = MayRename(from, to);
        if (status != NFS4_OK)
            return Failed(OP_RENAME, arguments, status);
        var moved = saved!.Names[from];
        var replaced = current.Names.GetValueOrDefault(to);
        // Two names of one file: both stay (rename(2), RFC 8881 §18.26.3).
        if (replaced != moved)
        {
            saved.Names.Remove(from);
            current.Names[to] = moved;
            if (moved.IsDirectory)
                moved.Parent = current;
            if (replaced is not null)
                replaced.Links--;
        }
        return new(OP_RENAME, arguments, NFS4_OK, (ref XdrReader body) =>
        {
            ChangeInfo(ref body);
            ChangeInfo(ref body);
        });
    }

    private nfsstat4 MayRename(string from, string to)
    {
        if (saved is null)
            return NFS4ERR_NOFILEHANDLE;
        if (!saved.IsDirectory || !current!.IsDirectory)
            return NFS4ERR_NOTDIR;
        var status = CheckName(from);
        if (status == NFS4_OK)
            status = CheckName(to);
        if (status != NFS4_OK)
            return status;
        if (saved.Names.GetValueOrDefault(from) is not { } moved)
            return NFS4ERR_NOENT;
        if (moved.IsDirectory && current.IsBelow(moved))
            return NFS4ERR_INVAL;
        if (current.Names.GetValueOrDefault(to) is not { } replaced || replaced == moved)
            return NFS4_OK;
        // A directory that has the other one in it is not empty, whatever the other one is.
        if (saved.IsBelow(replaced))
            return NFS4ERR_NOTEMPTY;
        if (replaced.IsDirectory != moved.IsDirectory)
            return NFS4ERR_EXIST;
        return replaced.Names.Count > 0 ? NFS4ERR_NOTEMPTY : NFS4_OK;
    }

    private nfsstat4 RegularOnly(ModelNode node) => node.Type switch
    {
        NF4REG => NFS4_OK,
        NF4DIR => NFS4ERR_ISDIR,
        _ => client.MinorVersion == 0 ? NFS4ERR_INVAL : NFS4ERR_SYMLINK,
    };
}
