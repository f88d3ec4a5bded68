using NfsdCtl.Linux;
using NfsdCtl.Vfs.Nodes;

namespace NfsdCtl.Vfs.FileSystems;

/// <summary>
/// Data of a file that goes to disk before a commit: written out here, made durable by the commit that follows. Holds the file's
/// descriptor until <see cref="Release"/>. The default has no data.
/// </summary>
/// <param name="node">On which the data descriptor was acquired.</param>
/// <param name="offset">In bytes.</param>
/// <param name="length">In bytes; 0: to the end of the file.</param>
/// <param name="verifier">The filesystem's write verifier before the data was written: when it has changed, they may be gone.</param>
internal readonly struct DirtyRange(VfsNode node, int descriptor, ulong offset, ulong length, ulong verifier)
{
    public ulong Verifier => verifier;


    public bool IsEmpty => node is null;

    /// <summary>Begins to write, so that the disk has those of all files at once.</summary>
    public void Start()
    {
        if (!IsEmpty)
            _ = Files.SyncFileRange(descriptor, (long)offset, (long)length, Files.SYNC_FILE_RANGE_WRITE);
    }

    /// <summary>Waits until it is written. False: some of it could not be, and the kernel has forgotten it.</summary>
    public bool Finish()
    {
        if (IsEmpty)
            return true;
        while (Files.SyncFileRange(descriptor, (long)offset, (long)length, Files.SYNC_FILE_RANGE_WRITE_AND_WAIT) < 0)
        {
            if (Errno.Last != Errno.EINTR)
                return false;
        }
        return true;
    }

    /// <summary>Makes the whole file stable, without a commit behind it. False as for <see cref="Finish"/>.</summary>
    public bool Sync() => IsEmpty || Files.FSync(descriptor) == 0;

    public void Release() => node?.ReleaseData();
}
