using System.Buffers.Binary;
using System.Text;
using NfsdCtl.Protocols.Nfs3;
using NfsdCtl.TestKit.Rpc;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.TestKit.Nfs3;

/// <summary>
/// An NFSv3 client for tests: one method for each procedure, results as plain objects. Names are strings of Latin-1
/// characters, one for each byte. A reply that does not decode to its last byte is an error of the server.
/// </summary>
public sealed class Nfs3Client(IRpcChannel channel)
{
    private readonly byte[] arguments = new byte[(1 << 20) + 4096];

    private delegate T Decode<T>(ref XdrReader reader);

    public IRpcChannel Channel { get; } = channel;

    /// <summary>A sattr3 that changes nothing but what is given.</summary>
    public static sattr3 Set(uint? mode = null, uint? uid = null, uint? gid = null, ulong? size = null, nfstime3? atime = null, nfstime3? mtime = null) => new()
    {
        mode = new() { set_it = mode is not null, mode = mode ?? 0 },
        uid = new() { set_it = uid is not null, uid = uid ?? 0 },
        gid = new() { set_it = gid is not null, gid = gid ?? 0 },
        size = new() { set_it = size is not null, size = size ?? 0 },
        atime = new() { set_it = atime is null ? time_how.DONT_CHANGE : time_how.SET_TO_CLIENT_TIME, atime = atime ?? default },
        mtime = new() { set_it = mtime is null ? time_how.DONT_CHANGE : time_how.SET_TO_CLIENT_TIME, mtime = mtime ?? default },
    };

    public void Null() => Send<nfs_fh3, int>(0, default, static (ref XdrReader r) => 0, empty: true);

    public GetAttrResult GetAttr(byte[] handle) =>
        Send(1, new GETATTR3args { @object = Fh(handle) }, static (ref XdrReader r) =>
        {
            Check(GETATTR3res.Read(ref r, out var res));
            return new GetAttrResult(res.status, res.resok.obj_attributes);
        });

    public ChangeResult SetAttr(byte[] handle, sattr3 set, nfstime3? guard = null) =>
        Send(2, new SETATTR3args { @object = Fh(handle), new_attributes = set, guard = new() { check = guard is not null, obj_ctime = guard ?? default } },
            static (ref XdrReader r) =>
            {
                Check(SETATTR3res.Read(ref r, out var res));
                return new ChangeResult(res.status, res.status == nfsstat3.NFS3_OK ? res.resok.obj_wcc : res.resfail.obj_wcc);
            });

    public LookupResult Lookup(byte[] directory, string name) =>
        Send(3, new LOOKUP3args { what = Where(directory, name) }, static (ref XdrReader r) =>
        {
            Check(LOOKUP3res.Read(ref r, out var res));
            return res.status == nfsstat3.NFS3_OK
                ? new LookupResult(res.status, res.resok.@object.data.ToArray(), res.resok.obj_attributes, res.resok.dir_attributes)
                : new LookupResult(res.status, [], default, res.resfail.dir_attributes);
        });

    public AccessResult Access(byte[] handle, uint mask) =>
        Send(4, new ACCESS3args { @object = Fh(handle), access = mask }, static (ref XdrReader r) =>
        {
            Check(ACCESS3res.Read(ref r, out var res));
            return res.status == nfsstat3.NFS3_OK
                ? new AccessResult(res.status, res.resok.obj_attributes, res.resok.access)
                : new AccessResult(res.status, res.resfail.obj_attributes, 0);
        });

    public ReadLinkResult ReadLink(byte[] handle) =>
        Send(5, new READLINK3args { symlink = Fh(handle) }, static (ref XdrReader r) =>
        {
            Check(READLINK3res.Read(ref r, out var res));
            return res.status == nfsstat3.NFS3_OK
                ? new ReadLinkResult(res.status, res.resok.symlink_attributes, res.resok.data.ToArray())
                : new ReadLinkResult(res.status, res.resfail.symlink_attributes, []);
        });

    public ReadResult Read(byte[] handle, ulong offset, uint count) =>
        Send(6, new READ3args { file = Fh(handle), offset = offset, count = count }, static (ref XdrReader r) =>
        {
            Check(READ3res.Read(ref r, out var res));
            return res.status == nfsstat3.NFS3_OK
                ? new ReadResult(res.status, res.resok.file_attributes, res.resok.count, res.resok.eof, res.resok.data.ToArray())
                : new ReadResult(res.status, res.resfail.file_attributes, 0, false, []);
        });

    public WriteResult Write(byte[] handle, ulong offset, ReadOnlySpan<byte> data, stable_how stable = stable_how.FILE_SYNC) =>
        Send(7, new WRITE3args { file = Fh(handle), offset = offset, count = (uint)data.Length, stable = stable, data = data }, static (ref XdrReader r) =>
        {
            Check(WRITE3res.Read(ref r, out var res));
            return res.status == nfsstat3.NFS3_OK
                ? new WriteResult(res.status, res.resok.file_wcc, res.resok.count, res.resok.committed, BinaryPrimitives.ReadUInt64BigEndian(res.resok.verf))
                : new WriteResult(res.status, res.resfail.file_wcc, 0, default, 0);
        });

    public CreateResult Create(byte[] directory, string name, createmode3 mode = createmode3.UNCHECKED, sattr3 set = default, ulong verifier = 0)
    {
        Span<byte> verf = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(verf, verifier);
        var args = new CREATE3args { where = Where(directory, name), how = new createhow3 { mode = mode, obj_attributes = set, verf = verf } };
        return Send(8, args, static (ref XdrReader r) =>
        {
            Check(CREATE3res.Read(ref r, out var res));
            return res.status == nfsstat3.NFS3_OK
                ? new CreateResult(res.status, res.resok.obj.handle.data.ToArray(), res.resok.obj_attributes, res.resok.dir_wcc)
                : new CreateResult(res.status, [], default, res.resfail.dir_wcc);
        });
    }

    public CreateResult MkDir(byte[] directory, string name, sattr3 set = default) =>
        Send(9, new MKDIR3args { where = Where(directory, name), attributes = set }, static (ref XdrReader r) =>
        {
            Check(MKDIR3res.Read(ref r, out var res));
            return res.status == nfsstat3.NFS3_OK
                ? new CreateResult(res.status, res.resok.obj.handle.data.ToArray(), res.resok.obj_attributes, res.resok.dir_wcc)
                : new CreateResult(res.status, [], default, res.resfail.dir_wcc);
        });

    public CreateResult SymLink(byte[] directory, string name, string target, sattr3 set = default) =>
        Send(10, new SYMLINK3args { where = Where(directory, name), symlink = new() { symlink_attributes = set, symlink_data = Bytes(target) } }, static (ref XdrReader r) =>
        {
            Check(SYMLINK3res.Read(ref r, out var res));
            return res.status == nfsstat3.NFS3_OK
                ? new CreateResult(res.status, res.resok.obj.handle.data.ToArray(), res.resok.obj_attributes, res.resok.dir_wcc)
                : new CreateResult(res.status, [], default, res.resfail.dir_wcc);
        });

    public CreateResult MkNod(byte[] directory, string name, ftype3 type, sattr3 set = default, uint major = 0, uint minor = 0)
    {
        var what = new mknoddata3
        {
            type = type,
            pipe_attributes = set,
            device = new() { dev_attributes = set, spec = new() { specdata1 = major, specdata2 = minor } },
        };
        return Send(11, new MKNOD3args { where = Where(directory, name), what = what }, static (ref XdrReader r) =>
        {
            Check(MKNOD3res.Read(ref r, out var res));
            return res.status == nfsstat3.NFS3_OK
                ? new CreateResult(res.status, res.resok.obj.handle.data.ToArray(), res.resok.obj_attributes, res.resok.dir_wcc)
                : new CreateResult(res.status, [], default, res.resfail.dir_wcc);
        });
    }

    public ChangeResult Remove(byte[] directory, string name) =>
        Send(12, new REMOVE3args { @object = Where(directory, name) }, static (ref XdrReader r) =>
        {
            Check(REMOVE3res.Read(ref r, out var res));
            return new ChangeResult(res.status, res.status == nfsstat3.NFS3_OK ? res.resok.dir_wcc : res.resfail.dir_wcc);
        });

    public ChangeResult RmDir(byte[] directory, string name) =>
        Send(13, new RMDIR3args { @object = Where(directory, name) }, static (ref XdrReader r) =>
        {
            Check(RMDIR3res.Read(ref r, out var res));
            return new ChangeResult(res.status, res.status == nfsstat3.NFS3_OK ? res.resok.dir_wcc : res.resfail.dir_wcc);
        });

    public RenameResult Rename(byte[] fromDirectory, string from, byte[] toDirectory, string to) =>
        Send(14, new RENAME3args { from = Where(fromDirectory, from), to = Where(toDirectory, to) }, static (ref XdrReader r) =>
        {
            Check(RENAME3res.Read(ref r, out var res));
            return res.status == nfsstat3.NFS3_OK
                ? new RenameResult(res.status, res.resok.fromdir_wcc, res.resok.todir_wcc)
                : new RenameResult(res.status, res.resfail.fromdir_wcc, res.resfail.todir_wcc);
        });

    public LinkResult Link(byte[] file, byte[] directory, string name) =>
        Send(15, new LINK3args { file = Fh(file), link = Where(directory, name) }, static (ref XdrReader r) =>
        {
            Check(LINK3res.Read(ref r, out var res));
            return res.status == nfsstat3.NFS3_OK
                ? new LinkResult(res.status, res.resok.file_attributes, res.resok.linkdir_wcc)
                : new LinkResult(res.status, res.resfail.file_attributes, res.resfail.linkdir_wcc);
        });

    public ListResult ReadDir(byte[] directory, ulong cookie = 0, byte[]? verifier = null, uint count = 8192) =>
        Send(16, new READDIR3args { dir = Fh(directory), cookie = cookie, cookieverf = verifier ?? new byte[8], count = count }, static (ref XdrReader r) =>
        {
            int size = r.Remaining;
            Check(READDIR3res.Read(ref r, out var res));
            if (res.status != nfsstat3.NFS3_OK)
                return new ListResult(res.status, res.resfail.dir_attributes, [], [], false, size);
            var entries = new List<ListedEntry>();
            foreach (var entry in res.resok.reply.entries)
                entries.Add(new(entry.fileid, Encoding.Latin1.GetString(entry.name), entry.cookie, default, null));
            return new ListResult(res.status, res.resok.dir_attributes, res.resok.cookieverf.ToArray(), entries, res.resok.reply.eof, size);
        });

    public ListResult ReadDirPlus(byte[] directory, ulong cookie = 0, byte[]? verifier = null, uint dircount = 8192, uint maxcount = 32768) =>
        Send(17, new READDIRPLUS3args { dir = Fh(directory), cookie = cookie, cookieverf = verifier ?? new byte[8], dircount = dircount, maxcount = maxcount },
            static (ref XdrReader r) =>
            {
                int size = r.Remaining;
                Check(READDIRPLUS3res.Read(ref r, out var res));
                if (res.status != nfsstat3.NFS3_OK)
                    return new ListResult(res.status, res.resfail.dir_attributes, [], [], false, size);
                var entries = new List<ListedEntry>();
                foreach (var entry in res.resok.reply.entries)
                    entries.Add(new(entry.fileid, Encoding.Latin1.GetString(entry.name), entry.cookie, entry.name_attributes,
                        entry.name_handle.handle_follows ? entry.name_handle.handle.data.ToArray() : null));
                return new ListResult(res.status, res.resok.dir_attributes, res.resok.cookieverf.ToArray(), entries, res.resok.reply.eof, size);
            });

    public FsStatResult FsStat(byte[] handle) =>
        Send(18, new FSSTAT3args { fsroot = Fh(handle) }, static (ref XdrReader r) =>
        {
            Check(FSSTAT3res.Read(ref r, out var res));
            return new FsStatResult(res.status, res.resok);
        });

    public FsInfoResult FsInfo(byte[] handle) =>
        Send(19, new FSINFO3args { fsroot = Fh(handle) }, static (ref XdrReader r) =>
        {
            Check(FSINFO3res.Read(ref r, out var res));
            return new FsInfoResult(res.status, res.resok);
        });

    public PathConfResult PathConf(byte[] handle) =>
        Send(20, new PATHCONF3args { @object = Fh(handle) }, static (ref XdrReader r) =>
        {
            Check(PATHCONF3res.Read(ref r, out var res));
            return new PathConfResult(res.status, res.resok);
        });

    public ChangeResult Commit(byte[] handle, ulong offset = 0, uint count = 0) =>
        Send(21, new COMMIT3args { file = Fh(handle), offset = offset, count = count }, static (ref XdrReader r) =>
        {
            Check(COMMIT3res.Read(ref r, out var res));
            return res.status == nfsstat3.NFS3_OK
                ? new ChangeResult(res.status, res.resok.file_wcc, BinaryPrimitives.ReadUInt64BigEndian(res.resok.verf))
                : new ChangeResult(res.status, res.resfail.file_wcc);
        });

    /// <summary>Every entry of a directory, "." and ".." left out, by as many calls as it takes.</summary>
    public List<ListedEntry> List(byte[] directory, bool plus = false, uint count = 8192)
    {
        var all = new List<ListedEntry>();
        ulong cookie = 0;
        byte[]? verifier = null;
        while (true)
        {
            var page = plus ? ReadDirPlus(directory, cookie, verifier, count, count) : ReadDir(directory, cookie, verifier, count);
            if (page.Status != nfsstat3.NFS3_OK)
                throw new InvalidOperationException($"listing: {page.Status}");
            all.AddRange(page.Entries.Where(e => e.Name is not ("." or "..")));
            if (page.EndOfDirectory)
                return all;
            cookie = page.Entries[^1].Cookie;
            verifier = page.Verifier;
        }
    }

    private static nfs_fh3 Fh(byte[] handle) => new() { data = handle };

    private static diropargs3 Where(byte[] directory, string name) => new() { dir = Fh(directory), name = Bytes(name) };

    private static byte[] Bytes(string name) => Encoding.Latin1.GetBytes(name);

    private static void Check(bool decoded)
    {
        if (!decoded)
            throw new InvalidDataException("the reply cannot be decoded");
    }

    private T Send<TArgs, T>(uint procedure, scoped in TArgs args, Decode<T> decode, bool empty = false)
        where TArgs : struct, IXdrType<TArgs>, allows ref struct
    {
        var writer = new XdrWriter(arguments);
        if (!empty)
            args.Write(ref writer);
        var answer = Channel.Call(NFS_PROGRAM.Number, NFS_PROGRAM.NFS_V3.Number, procedure, writer.Written);
        if (answer.Status != AcceptStatus.Success)
            throw new RpcCallException(answer.Status);
        var reader = new XdrReader(answer.Result);
        var result = decode(ref reader);
        if (reader.Remaining != 0)
            throw new InvalidDataException($"{reader.Remaining} bytes behind the reply");
        return result;
    }
}
