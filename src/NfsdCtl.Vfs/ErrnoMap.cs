using NfsdCtl.Linux;

namespace NfsdCtl.Vfs;

/// <summary>The one place where the kernel's errors become statuses, as nfserrno (fs/nfsd/vfs.c) has them.</summary>
public static class ErrnoMap
{
    /// <summary>The status of the last failed import of this thread.</summary>
    internal static VfsStatus Last => ToStatus(Errno.Last);

    public static VfsStatus ToStatus(int errno) => errno switch
    {
        0 => VfsStatus.Ok,
        Errno.EPERM => VfsStatus.Perm,
        Errno.ENOENT => VfsStatus.NoEnt,
        Errno.ENXIO => VfsStatus.NxIo,
        Errno.EACCES => VfsStatus.Access,
        Errno.EEXIST => VfsStatus.Exist,
        Errno.EXDEV => VfsStatus.XDev,
        Errno.ENODEV => VfsStatus.NoDev,
        Errno.ENOTDIR => VfsStatus.NotDir,
        Errno.EISDIR => VfsStatus.IsDir,
        Errno.EINVAL => VfsStatus.Inval,
        Errno.EFBIG or Errno.EOVERFLOW => VfsStatus.FBig,
        Errno.ENOSPC => VfsStatus.NoSpc,
        Errno.EROFS => VfsStatus.RoFs,
        Errno.EMLINK => VfsStatus.MLink,
        Errno.ENAMETOOLONG => VfsStatus.NameTooLong,
        Errno.ENOTEMPTY => VfsStatus.NotEmpty,
        Errno.EDQUOT => VfsStatus.DQuot,
        Errno.ENODATA => VfsStatus.NoXattr,
        Errno.E2BIG => VfsStatus.XattrTooBig,
        Errno.ERANGE => VfsStatus.TooSmall,
        Errno.ESTALE => VfsStatus.Stale,
        Errno.EOPNOTSUPP or Errno.ENOSYS => VfsStatus.NotSupp,
        // Each is refused by a link where none may be; knfsd, too, calls it SYMLINK or ACCES.
        Errno.ELOOP => VfsStatus.Access,
        Errno.ETXTBSY => VfsStatus.Access,
        Errno.EBUSY => VfsStatus.Exist,
        // Leases being broken, and shortages that pass: the client is to come back (NFS3ERR_JUKEBOX).
        Errno.EAGAIN or Errno.EINTR or Errno.ENOMEM or Errno.ENFILE or Errno.EMFILE or Errno.ETIMEDOUT => VfsStatus.Jukebox,
        Errno.EBADF or Errno.EFAULT => VfsStatus.ServerFault,
        _ => VfsStatus.Io,
    };
}
