using System.Buffers.Binary;
using NfsdCtl.Linux;

namespace NfsdCtl.Vfs.FileSystems;

/// <summary>Finds the identity that a filesystem carries in itself, so that it is the same on every node that mounts it.</summary>
public static unsafe class FileSystemIdentity
{
    /// <summary>_IOR(0x15, 0, struct fsuuid2): a length and 16 bytes (include/uapi/linux/fs.h, since 6.9).</summary>
    private const ulong FsIocGetFsUuid = 0x8011_1500;

    /// <summary>_IOR(0x94, 31, struct btrfs_ioctl_fs_info_args).</summary>
    private const ulong BtrfsIocFsInfo = 0x8400_941F;

    /// <summary>_IOR(0x94, 60, struct btrfs_ioctl_get_subvol_info_args): its uuid tells subvolumes apart.</summary>
    private const ulong BtrfsIocGetSubvolInfo = 0x81F8_943C;
    private const int BtrfsSubvolUuidOffset = 296;

    /// <summary>Kinds that live in memory or are made up by the kernel: what UUID they show is new at each mount.</summary>
    private static readonly string[] WithoutIdentity =
        ["tmpfs", "ramfs", "devtmpfs", "proc", "sysfs", "overlay", "hugetlbfs", "cgroup", "cgroup2", "debugfs", "tracefs", "squashfs"];

    public static bool LivesInMemory(string type) => type is "tmpfs" or "ramfs" or "devtmpfs" or "hugetlbfs";

    /// <summary>The UUID of the filesystem behind an open directory, or null when it has none that lasts.</summary>
    public static FsId? Find(int directory, MountEntry mount)
    {
        if (WithoutIdentity.Contains(mount.Type) || mount.Type.StartsWith("fuse", StringComparison.Ordinal))
            return null;
        if (mount.Type == "btrfs")
            return FromBtrfs(directory);
        return FromIoctl(directory) ?? FromDiskLinks(mount) ?? FromSuperblock(mount);
    }

    private static FsId? FromIoctl(int directory)
    {
        byte* answer = stackalloc byte[17];
        if (Files.IoControl(directory, FsIocGetFsUuid, answer) < 0 || answer[0] != 16)
            return null;
        return NonZero(new ReadOnlySpan<byte>(answer + 1, 16));
    }

    /// <summary>The subvolume's own UUID where it has one: subvolumes have inode numbers, and so handles, of their own.</summary>
    private static FsId? FromBtrfs(int directory)
    {
        byte* answer = stackalloc byte[1024];
        if (Files.IoControl(directory, BtrfsIocGetSubvolInfo, answer) >= 0
            && NonZero(new ReadOnlySpan<byte>(answer + BtrfsSubvolUuidOffset, 16)) is { } subvolume)
            return subvolume;
        new Span<byte>(answer, 1024).Clear();
        return Files.IoControl(directory, BtrfsIocFsInfo, answer) < 0 ? null : NonZero(new ReadOnlySpan<byte>(answer + 16, 16));
    }

    /// <summary>udev's links in /dev/disk/by-uuid, whose names are UUIDs.</summary>
    private static FsId? FromDiskLinks(MountEntry mount)
    {
        const string Links = "/dev/disk/by-uuid";
        if (!Directory.Exists(Links))
            return null;
        foreach (var link in new DirectoryInfo(Links).EnumerateFiles())
            if (link.ResolveLinkTarget(returnFinalTarget: true)?.FullName == mount.Source && TryParseUuid(link.Name, out var id))
                return id;
        return null;
    }

    /// <summary>The superblock on the device itself, for kernels without the ioctl and hosts without udev: ext2/3/4 and XFS.</summary>
    private static FsId? FromSuperblock(MountEntry mount)
    {
        if (!mount.Source.StartsWith("/dev/", StringComparison.Ordinal))
            return null;
        int device = Descriptors.Open(mount.Source, Descriptors.O_RDONLY | Descriptors.O_CLOEXEC);
        if (device < 0)
            return null;
        byte* block = stackalloc byte[2048];
        nint got = Files.PRead(device, block, 2048, 0);
        Descriptors.Close(device);
        var bytes = new ReadOnlySpan<byte>(block, 2048);
        if (got < 2048)
            return null;
        return mount.Type switch
        {
            "ext2" or "ext3" or "ext4" when BinaryPrimitives.ReadUInt16LittleEndian(bytes[(1024 + 56)..]) == 0xEF53 => NonZero(bytes.Slice(1024 + 104, 16)),
            "xfs" when bytes.StartsWith("XFSB"u8) => NonZero(bytes.Slice(32, 16)),
            _ => null,
        };
    }

    /// <summary>Hexadecimal with hyphens or colons anywhere, 32 digits.</summary>
    public static bool TryParseUuid(string text, out FsId id)
    {
        id = default;
        string digits = text.Replace("-", "", StringComparison.Ordinal).Replace(":", "", StringComparison.Ordinal);
        if (digits.Length != 32 || !digits.All(char.IsAsciiHexDigit))
            return false;
        id = FsId.FromBytes(Convert.FromHexString(digits));
        return !id.IsAny;
    }

    private static FsId? NonZero(ReadOnlySpan<byte> sixteen)
    {
        var id = FsId.FromBytes(sixteen);
        return id.IsAny ? null : id;
    }
}
