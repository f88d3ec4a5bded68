namespace NfsdCtl.Storage;

/// <summary>Finds the directory that holds the records of a filesystem.</summary>
public interface IRecordPlaces
{
    /// <summary>
    /// Opens the root-only directory for the records of a filesystem (made when it is not there): <c>.nfsdctl</c> at the
    /// filesystem's root, or its directory below <c>records-dir</c>. The identity of what is mounted has been checked, so that
    /// nothing is ever written below a bare mount point. The caller closes the descriptor before it returns to its own caller.
    /// Returns -errno where it cannot: ENOENT when the filesystem is not here, EROFS, ENOSPC.
    /// </summary>
    int Open(FsId fileSystem);
}
