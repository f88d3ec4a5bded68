using NfsdCtl.Linux;

namespace NfsdCtl.Vfs;

public sealed unsafe partial class FileService
{
    public VfsStatus FsStat(in FileRef file, out FileSystemSpace space, out Attributes attributes)
    {
        space = default;
        var status = GetAttr(file, out attributes);
        if (status != VfsStatus.Ok)
            return status;
        StatFsData data;
        if (Files.FStatFs(file.Node.Descriptor, &data) < 0)
            return ErrnoMap.Last;
        ulong block = (ulong)(data.FragmentSize > 0 ? data.FragmentSize : data.BlockSize);
        space = new FileSystemSpace(data.Blocks * block, data.FreeBlocks * block, data.AvailableBlocks * block,
            data.FileSlots, data.FreeFileSlots, data.FreeFileSlots)
        { BlockSize = (uint)data.BlockSize };
        return VfsStatus.Ok;
    }

    /// <summary>FSINFO and PATHCONF together: what Linux's filesystems can do.</summary>
    public VfsStatus FsInfo(in FileRef file, out FileSystemLimits limits, out Attributes attributes)
    {
        limits = LimitsOf(file);
        return GetAttr(file, out attributes);
    }

    /// <summary>What the filesystem of a file can do; asks nothing of the disk.</summary>
    public FileSystemLimits LimitsOf(in FileRef file)
    {
        const uint Ext2LinkMax = 32000;
        const uint Ext4LinkMax = 65000;
        const uint OtherLinkMax = int.MaxValue;
        return new FileSystemLimits(
            MaxFileSize: file.Volume.Type is "ext2" or "ext3" or "ext4" ? (1UL << 44) - 4096 : long.MaxValue,
            LinkMax: file.Volume.Type switch { "ext2" or "ext3" => Ext2LinkMax, "ext4" => Ext4LinkMax, _ => OtherLinkMax },
            NameMax: MaxName,
            TimeDeltaNanoseconds: 1,
            HardLinks: file.Volume.Type is not ("vfat" or "exfat" or "msdos"),
            Symlinks: file.Volume.Type is not ("vfat" or "exfat" or "msdos"),
            Homogeneous: true,
            CanSetTime: true,
            NoTrunc: true,
            ChownRestricted: true,
            CaseInsensitive: file.Volume.Type is "vfat" or "exfat" or "msdos",
            CasePreserving: true);
    }
}
