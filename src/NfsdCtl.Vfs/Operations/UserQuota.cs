using NfsdCtl.Linux;

namespace NfsdCtl.Vfs;

/// <summary>What the owner of a file has, and may still have, on its filesystem. In bytes.</summary>
/// <param name="AvailableHard">More is refused.</param>
/// <param name="AvailableSoft">The owner is warned beyond it.</param>
public readonly record struct UserQuota(ulong Used, ulong AvailableHard, ulong AvailableSoft)
{
    /// <summary>No limit (0) leaves what the disk has; a soft limit that is none is the hard one.</summary>
    /// <param name="available">What the filesystem still has for its users.</param>
    public static UserQuota Of(ulong used, ulong softLimit, ulong hardLimit, ulong available)
    {
        ulong hard = Left(used, hardLimit, available);
        return new UserQuota(used, hard, Left(used, softLimit, hard));
    }

    private static ulong Left(ulong used, ulong limit, ulong most) => limit == 0 ? most : used >= limit ? 0 : Math.Min(limit - used, most);
}

public sealed unsafe partial class FileService
{
    /// <summary>User quotas were on when the filesystem was opened.</summary>
    public bool SupportsQuotas(in FileRef file) => (file.Volume.Features & FileSystems.FileSystemFeatures.UserQuotas) != 0;

    /// <summary>The quota of a user on the filesystem of a file; NOTSUPP where quotas are off.</summary>
    public VfsStatus QuotaOf(in FileRef file, uint owner, out UserQuota quota)
    {
        quota = default;
        DiskQuota data;
        if (Quotas.GetUser(file.Node.Descriptor, owner, &data) < 0)
            return Errno.Last == Errno.ESRCH ? VfsStatus.NotSupp : ErrnoMap.Last;
        var status = FsStat(file, out var space, out _);
        if (status == VfsStatus.Ok)
            quota = UserQuota.Of(data.Used, data.SoftLimit * DiskQuota.Block, data.HardLimit * DiskQuota.Block, space.AvailableBytes);
        return status;
    }
}
