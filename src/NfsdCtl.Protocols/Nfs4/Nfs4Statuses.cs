using NfsdCtl.State.Nfs4;
using NfsdCtl.Vfs;

namespace NfsdCtl.Protocols.Nfs4;

/// <summary>The boundaries between outcomes of the other layers and statuses of NFSv4 (RFC 8881 §15.1).</summary>
internal static class Nfs4Statuses
{
    /// <summary>The state uses the protocol's numbers, but for those that never leave the server.</summary>
    public static nfsstat4 ToNfs(this Nfs4Status status) =>
        status < Nfs4Status.Replay ? (nfsstat4)status : throw new ArgumentOutOfRangeException(nameof(status), status, "not an answer");

    public static nfsstat4 ToNfs(this VfsStatus status) => status switch
    {
        VfsStatus.Ok => nfsstat4.NFS4_OK,
        VfsStatus.Perm => nfsstat4.NFS4ERR_PERM,
        VfsStatus.NoEnt => nfsstat4.NFS4ERR_NOENT,
        VfsStatus.Io => nfsstat4.NFS4ERR_IO,
        VfsStatus.NxIo => nfsstat4.NFS4ERR_NXIO,
        VfsStatus.Access => nfsstat4.NFS4ERR_ACCESS,
        VfsStatus.Exist => nfsstat4.NFS4ERR_EXIST,
        VfsStatus.XDev => nfsstat4.NFS4ERR_XDEV,
        // Version 4 has no NODEV; a device that is not there does not answer.
        VfsStatus.NoDev => nfsstat4.NFS4ERR_NXIO,
        VfsStatus.NotDir => nfsstat4.NFS4ERR_NOTDIR,
        VfsStatus.IsDir => nfsstat4.NFS4ERR_ISDIR,
        VfsStatus.Inval => nfsstat4.NFS4ERR_INVAL,
        VfsStatus.FBig => nfsstat4.NFS4ERR_FBIG,
        VfsStatus.NoSpc => nfsstat4.NFS4ERR_NOSPC,
        VfsStatus.RoFs => nfsstat4.NFS4ERR_ROFS,
        VfsStatus.MLink => nfsstat4.NFS4ERR_MLINK,
        VfsStatus.NameTooLong => nfsstat4.NFS4ERR_NAMETOOLONG,
        VfsStatus.NotEmpty => nfsstat4.NFS4ERR_NOTEMPTY,
        VfsStatus.DQuot => nfsstat4.NFS4ERR_DQUOT,
        VfsStatus.Stale => nfsstat4.NFS4ERR_STALE,
        VfsStatus.BadHandle => nfsstat4.NFS4ERR_BADHANDLE,
        // Guards are VERIFY's business in version 4: nothing here sets one.
        VfsStatus.NotSync => nfsstat4.NFS4ERR_SERVERFAULT,
        VfsStatus.BadCookie => nfsstat4.NFS4ERR_BAD_COOKIE,
        VfsStatus.NotSupp => nfsstat4.NFS4ERR_NOTSUPP,
        VfsStatus.TooSmall => nfsstat4.NFS4ERR_TOOSMALL,
        VfsStatus.ServerFault => nfsstat4.NFS4ERR_SERVERFAULT,
        VfsStatus.BadType => nfsstat4.NFS4ERR_BADTYPE,
        VfsStatus.NoXattr => nfsstat4.NFS4ERR_NOXATTR,
        VfsStatus.XattrTooBig => nfsstat4.NFS4ERR_XATTR2BIG,
        VfsStatus.Jukebox => nfsstat4.NFS4ERR_DELAY,
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "unknown to NFSv4"),
    };
}
