using NfsdCtl.Linux;

namespace NfsdCtl.Vfs;

public sealed unsafe partial class FileService
{
    private static readonly Func<int, int> DataSync = static d => Files.FDataSync(d) < 0 ? Errno.Last : 0;
    private static readonly Func<int, int> FullSync = static d => Files.FSync(d) < 0 ? Errno.Last : 0;

    /// <summary>
    /// Writes; a short count is possible. <paramref name="committed"/> is at least what was asked; on an <c>async</c> export
    /// it says so without waiting for the disk, as exports(5) warns.
    /// </summary>
    public VfsStatus Write(in FileRef file, ulong offset, ReadOnlySpan<byte> data, StableHow stable, out int count, out StableHow committed, out WccData wcc)
    {
        count = 0;
        committed = StableHow.Unstable;
        ulong verifier = file.Volume.WriteVerifier;
        FillBefore(file, out wcc);
        bool wait = stable != StableHow.Unstable && file.Export.Options.Sync && !file.Volume.LivesInMemory;
        var journal = wait ? SharedCommit(file, (ulong)data.Length) : null;
        int flags = !wait || journal is not null ? 0 : stable == StableHow.FileSync ? Files.RWF_SYNC : Files.RWF_DSYNC;
        var status = WriteData(file, wcc.After, offset, data, flags, out count);
        if (status == VfsStatus.Ok && journal is not null && count > 0)
            status = CommitData(file, journal, offset, (ulong)count, verifier);
        if (status == VfsStatus.Ok)
            committed = stable;
        FillAfter(file, ref wcc);
        return status;
    }

    /// <param name="flags">
    /// RWF_SYNC or RWF_DSYNC for a stable write, as nfsd_vfs_write does: what was written goes to disk and not the rest of the
    /// file, and concurrent writes share the journal's commits.
    /// </param>
    private VfsStatus WriteData(in FileRef file, in Attributes before, ulong offset, ReadOnlySpan<byte> data, int flags, out int count)
    {
        count = 0;
        if (file.Export.Options.ReadOnly)
            return VfsStatus.RoFs;
        var status = RequireRegular(file);
        if (status == VfsStatus.Ok)
            status = CheckData(file, before, Files.W_OK);
        if (status != VfsStatus.Ok)
            return status;
        if (offset > long.MaxValue - (ulong)data.Length)
            return VfsStatus.FBig;
        if (data.IsEmpty)
            return VfsStatus.Ok;
        status = file.Node.AcquireData(forWriting: true, nodes.Now, out int descriptor);
        if (status != VfsStatus.Ok)
            return status;
        if (flags != 0)
            file.BeforeBlocking();
        // Set-id bits go, quotas count and the reserve is kept for the one who writes.
        ThreadIdentity.Become(file.Credential);
        ulong verifier = file.Volume.WriteVerifier;
        int error = WriteAll(descriptor, data, (long)offset, flags, out count);
        // The kernel tells a failure once to an open file, and another of its users may have been told of this one's.
        if (flags != 0 && error == 0 && file.Volume.WriteVerifier != verifier)
            error = Errno.EIO;
        // After a failed write-back the kernel forgets the pages: what others wrote unstable may be gone with them.
        if (flags != 0 && error is Errno.EIO or Errno.ENOSPC or Errno.EDQUOT)
            file.Volume.ChangeWriteVerifier();
        file.Node.ReleaseData();
        file.Export.Counters.CountWritten(count);
        return ErrnoMap.ToStatus(error);
    }

    private static int WriteAll(int descriptor, ReadOnlySpan<byte> data, long offset, int flags, out int count)
    {
        count = 0;
        fixed (byte* p = data)
        {
            while (count < data.Length)
            {
                var vector = new IoVector { Base = p + count, Length = (nuint)(data.Length - count) };
                nint wrote = Files.PWriteV2(descriptor, &vector, 1, offset + count, flags);
                if (wrote < 0 && Errno.Last == Errno.EINTR)
                    continue;
                if (wrote <= 0)
                    return count > 0 ? 0 : wrote < 0 ? Errno.Last : Errno.EIO;
                count += (int)wrote;
            }
        }
        return 0;
    }
}
