using NfsdCtl.Vfs;

namespace NfsdCtl.Protocols.Nfs3;

/// <summary>The boundary between outcomes of the file layer and statuses of NFSv3 (RFC 1813 §2.6).</summary>
internal static class Nfs3Status
{
    public static nfsstat3 Of(VfsStatus status) => status switch
    {
        VfsStatus.Ok => nfsstat3.NFS3_OK,
        VfsStatus.Perm => nfsstat3.NFS3ERR_PERM,
        VfsStatus.NoEnt => nfsstat3.NFS3ERR_NOENT,
        VfsStatus.Io => nfsstat3.NFS3ERR_IO,
        VfsStatus.NxIo => nfsstat3.NFS3ERR_NXIO,
        VfsStatus.Access => nfsstat3.NFS3ERR_ACCES,
        VfsStatus.Exist => nfsstat3.NFS3ERR_EXIST,
        VfsStatus.XDev => nfsstat3.NFS3ERR_XDEV,
        VfsStatus.NoDev => nfsstat3.NFS3ERR_NODEV,
        VfsStatus.NotDir => nfsstat3.NFS3ERR_NOTDIR,
        VfsStatus.IsDir => nfsstat3.NFS3ERR_ISDIR,
        VfsStatus.Inval => nfsstat3.NFS3ERR_INVAL,
        VfsStatus.FBig => nfsstat3.NFS3ERR_FBIG,
        VfsStatus.NoSpc => nfsstat3.NFS3ERR_NOSPC,
        VfsStatus.RoFs => nfsstat3.NFS3ERR_ROFS,
        VfsStatus.MLink => nfsstat3.NFS3ERR_MLINK,
        VfsStatus.NameTooLong => nfsstat3.NFS3ERR_NAMETOOLONG,
        VfsStatus.NotEmpty => nfsstat3.NFS3ERR_NOTEMPTY,
        VfsStatus.DQuot => nfsstat3.NFS3ERR_DQUOT,
        VfsStatus.Stale => nfsstat3.NFS3ERR_STALE,
        VfsStatus.BadHandle => nfsstat3.NFS3ERR_BADHANDLE,
        VfsStatus.NotSync => nfsstat3.NFS3ERR_NOT_SYNC,
        VfsStatus.BadCookie => nfsstat3.NFS3ERR_BAD_COOKIE,
        VfsStatus.NotSupp => nfsstat3.NFS3ERR_NOTSUPP,
        VfsStatus.TooSmall => nfsstat3.NFS3ERR_TOOSMALL,
        VfsStatus.ServerFault => nfsstat3.NFS3ERR_SERVERFAULT,
        VfsStatus.BadType => nfsstat3.NFS3ERR_BADTYPE,
        VfsStatus.Jukebox => nfsstat3.NFS3ERR_JUKEBOX,
        // Version 3 knows no extended attributes and asks for none.
        VfsStatus.NoXattr or VfsStatus.XattrTooBig => nfsstat3.NFS3ERR_IO,
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "unknown to NFSv3"),
    };
}
