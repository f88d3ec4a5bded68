using NfsdCtl.Linux;

namespace NfsdCtl.Vfs;

public sealed unsafe partial class FileService
{
    /// <summary>Reserves room for a range, and lengthens the file to its end. NOTSUPP where the filesystem cannot.</summary>
    public VfsStatus Allocate(in FileRef file, ulong offset, ulong length, out WccData wcc) => Allocate(file, offset, length, 0, out wcc);

    /// <summary>Makes a hole; the length of the file stays. NOTSUPP where the filesystem cannot.</summary>
    public VfsStatus Deallocate(in FileRef file, ulong offset, ulong length, out WccData wcc) =>
        Allocate(file, offset, length, Files.FALLOC_FL_PUNCH_HOLE | Files.FALLOC_FL_KEEP_SIZE, out wcc);

    private VfsStatus Allocate(in FileRef file, ulong offset, ulong length, int mode, out WccData wcc)
    {
        FillBefore(file, out wcc);
        var status = BeginDataChange(file, wcc.After, offset, length, out int descriptor);
        if (status != VfsStatus.Ok)
            return status;
        file.BeforeBlocking();
        // Quotas count and the reserve is kept for the one who asks.
        ThreadIdentity.Become(file.Credential);
        int error = 0;
        while (Files.FAllocate(descriptor, mode, (long)offset, (long)length) < 0 && (error = Errno.Last) == Errno.EINTR)
            error = 0;
        file.Node.ReleaseData();
        FillAfter(file, ref wcc);
        return ErrnoMap.ToStatus(error);
    }

    /// <summary>What a change of a range of data begins with. With Ok the descriptor is to be given back.</summary>
    private VfsStatus BeginDataChange(in FileRef file, in Attributes before, ulong offset, ulong length, out int descriptor)
    {
        descriptor = -1;
        if (file.Export.Options.ReadOnly)
            return VfsStatus.RoFs;
        var status = RequireRegular(file);
        if (status == VfsStatus.Ok)
            status = CheckData(file, before, Files.W_OK);
        if (status != VfsStatus.Ok)
            return status;
        if (offset > long.MaxValue || length > long.MaxValue - offset)
            return VfsStatus.FBig;
        return file.Node.AcquireData(forWriting: true, nodes.Now, out descriptor);
    }
}
