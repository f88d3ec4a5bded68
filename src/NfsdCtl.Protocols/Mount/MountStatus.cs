using NfsdCtl.Vfs;

namespace NfsdCtl.Protocols.Mount;

/// <summary>The boundary between outcomes of the file layer and the statuses of MOUNT (RFC 1813 §5.1.5).</summary>
internal static class MountStatus
{
    public static mountstat3 Of(VfsStatus status) => status switch
    {
        VfsStatus.Ok => mountstat3.MNT3_OK,
        VfsStatus.Perm => mountstat3.MNT3ERR_PERM,
        VfsStatus.NoEnt or VfsStatus.Stale or VfsStatus.BadHandle => mountstat3.MNT3ERR_NOENT,
        VfsStatus.Io or VfsStatus.NxIo or VfsStatus.NoDev => mountstat3.MNT3ERR_IO,
        VfsStatus.Access => mountstat3.MNT3ERR_ACCES,
        VfsStatus.NotDir => mountstat3.MNT3ERR_NOTDIR,
        VfsStatus.Inval => mountstat3.MNT3ERR_INVAL,
        VfsStatus.NameTooLong => mountstat3.MNT3ERR_NAMETOOLONG,
        VfsStatus.NotSupp => mountstat3.MNT3ERR_NOTSUPP,
        // The rest cannot come from a walk; JUKEBOX can, and has no equivalent here.
        _ => mountstat3.MNT3ERR_SERVERFAULT,
    };
}
