using NfsdCtl.Vfs;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs3.Encoding;

/// <summary>Pieces that several procedures read or write.</summary>
internal static class Nfs3Encoding
{
    public static void Status(this ref XdrWriter reply, VfsStatus status) => reply.U32((uint)Nfs3Status.Of(status));

    /// <summary>The handle of <paramref name="file"/> as a nfs_fh3.</summary>
    public static void Handle(this ref XdrWriter reply, FileService files, in FileRef file)
    {
        Span<byte> handle = stackalloc byte[FileService.MaxHandle];
        reply.Opaque(handle[..files.MakeHandle(file, handle)]);
    }

    /// <summary>What CREATE, MKDIR, SYMLINK and MKNOD answer: post_op_fh3, post_op_attr, wcc_data of the directory.</summary>
    public static void Created(this ref XdrWriter reply, FileService files, VfsStatus status, in FileRef child, in Attributes attributes, in WccData directory)
    {
        reply.Status(status);
        if (status == VfsStatus.Ok)
        {
            // A caller without search right on the directory may make a file there and not see it.
            reply.Bool(child.IsValid);
            if (child.IsValid)
                reply.Handle(files, child);
            reply.PostOp(child.IsValid, attributes);
        }
        reply.Wcc(directory);
    }

    /// <summary>sattr3 (RFC 1813 §2.6). Seconds are unsigned on the wire.</summary>
    public static SetAttributes ToSetAttributes(this in sattr3 set) => new()
    {
        Mode = set.mode.set_it ? set.mode.mode & 0xFFF : null,
        Uid = set.uid.set_it ? set.uid.uid : null,
        Gid = set.gid.set_it ? set.gid.gid : null,
        Size = set.size.set_it ? set.size.size : null,
        SetAtime = (SetTime)set.atime.set_it,
        Atime = set.atime.atime.ToVfsTime(),
        SetMtime = (SetTime)set.mtime.set_it,
        Mtime = set.mtime.mtime.ToVfsTime(),
    };

    public static VfsTime ToVfsTime(this in nfstime3 time) => new(time.seconds, time.nseconds);
}
