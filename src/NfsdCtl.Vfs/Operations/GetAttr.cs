using System.Runtime.CompilerServices;
using NfsdCtl.Linux;
using NfsdCtl.Vfs.FileSystems;

namespace NfsdCtl.Vfs;

public sealed unsafe partial class FileService
{
    /// <summary>
    /// The attributes. Needs no right on the file (RFC 1813 §3.3.1). STALE when a local program removed its last name and no client has
    /// it open: only our own descriptor keeps it, and that goes too.
    /// </summary>
    public VfsStatus GetAttr(in FileRef file, out Attributes attributes)
    {
        var status = StatDescriptor(file.Node.Descriptor, file.Volume, out attributes);
        if (status != VfsStatus.Ok || attributes.LinkCount != 0 || nodes.Unlink(file.Node))
            return status;
        file.Export.Counters.CountStale();
        return VfsStatus.Stale;
    }

    /// <summary>Fills <see cref="WccData.After"/> if it can.</summary>
    public void FillAfter(in FileRef file, ref WccData wcc) => wcc.HasAfter = GetAttr(file, out wcc.After) == VfsStatus.Ok;

    /// <summary>Takes the first half of the weak cache consistency data.</summary>
    private void FillBefore(in FileRef file, out WccData wcc)
    {
        Unsafe.SkipInit(out wcc);
        wcc.HasAfter = false;
        wcc.HasBefore = false;
        if (GetAttr(file, out wcc.After) == VfsStatus.Ok)
            wcc.SetBefore(wcc.After);
    }

    private static VfsStatus StatDescriptor(int descriptor, FileSystem fileSystem, out Attributes attributes)
    {
        byte empty = 0;
        return Stat(descriptor, &empty, Files.AT_EMPTY_PATH | Files.AT_SYMLINK_NOFOLLOW, fileSystem, out attributes, out _);
    }

    /// <summary>statx(2) of a name below a directory, or of the descriptor itself.</summary>
    private static VfsStatus Stat(int directory, byte* name, int flags, FileSystem fileSystem, out Attributes attributes, out bool isMountRoot)
    {
        StatxData data;
        Unsafe.SkipInit(out data);
        Unsafe.SkipInit(out attributes);
        isMountRoot = false;
        if (Files.Statx(directory, name, flags | Files.AT_NO_AUTOMOUNT, Files.STATX_BASIC_STATS | Files.STATX_BTIME, &data) < 0)
            return ErrnoMap.Last;
        isMountRoot = (data.Attributes & Files.STATX_ATTR_MOUNT_ROOT) != 0;
        attributes.Type = TypeOf(data.Mode);
        attributes.Mode = data.Mode & 0xFFFu;
        attributes.LinkCount = data.LinkCount;
        attributes.Uid = data.Uid;
        attributes.Gid = data.Gid;
        attributes.Size = data.Size;
        attributes.Used = data.Blocks * 512;
        attributes.DeviceMajor = data.DeviceMajor;
        attributes.DeviceMinor = data.DeviceMinor;
        attributes.FileSystemId = fileSystem.StatusId;
        attributes.FileId = data.Inode;
        attributes.Atime = new VfsTime(data.AtimeSeconds, data.AtimeNanoseconds);
        attributes.Mtime = new VfsTime(data.MtimeSeconds, data.MtimeNanoseconds);
        attributes.Ctime = new VfsTime(data.CtimeSeconds, data.CtimeNanoseconds);
        attributes.HasBirth = (data.Mask & Files.STATX_BTIME) != 0;
        attributes.Birth = new VfsTime(data.BtimeSeconds, data.BtimeNanoseconds);
        // As time_to_chattr (fs/nfsd/nfsfh.h): user space is not given the kernel's own cookie.
        attributes.ChangeCookie = ((ulong)data.CtimeSeconds << 30) + data.CtimeNanoseconds;
        return VfsStatus.Ok;
    }

    private static FileType TypeOf(uint mode) => (int)(mode & Files.S_IFMT) switch
    {
        Files.S_IFREG => FileType.Regular,
        Files.S_IFDIR => FileType.Directory,
        Files.S_IFLNK => FileType.Symlink,
        Files.S_IFBLK => FileType.BlockDevice,
        Files.S_IFCHR => FileType.CharacterDevice,
        Files.S_IFSOCK => FileType.Socket,
        Files.S_IFIFO => FileType.Fifo,
        _ => FileType.None,
    };
}
