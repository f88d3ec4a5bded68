using System.Text;
using NfsdCtl.Linux;
using NfsdCtl.Vfs.Exports;
using NfsdCtl.Vfs.Nodes;

namespace NfsdCtl.Vfs.FileSystems;

/// <summary>What an administrator's path means.</summary>
/// <param name="Path">The path without links, as the kernel knows it.</param>
/// <param name="FileSystem">The exported filesystem that holds it; null when no export is on it.</param>
/// <param name="Export">The export that holds it; null when it is in none.</param>
public sealed record PathMeaning(string Path, FileSystem? FileSystem, ExportRoot? Export);

/// <summary>Follows a path for an administrator: links are followed, the last one too, and it may be relative to another process.</summary>
public sealed unsafe class PathResolver(ExportTable exports, MountTable mounts)
{
    /// <summary>Not for request threads. 0, or the error number of the look-up (ENOENT, ENOTDIR, EACCES, ELOOP, ENAMETOOLONG).</summary>
    /// <param name="path">Absolute, or relative to <paramref name="process"/>'s working directory.</param>
    /// <param name="process">Whose directory it is; 0: this one's.</param>
    public int Resolve(string path, int process, out PathMeaning? meaning)
    {
        meaning = null;
        if (path.Length == 0)
            return Errno.ENOENT;
        string full = path[0] == '/' ? path : $"/proc/{(process == 0 ? "self" : process.ToString(System.Globalization.CultureInfo.InvariantCulture))}/cwd/{path}";
        int descriptor;
        fixed (byte* p = Encoding.UTF8.GetBytes(full + "\0"))
            descriptor = Files.OpenAt(Files.AT_FDCWD, p, Files.O_PATH | Descriptors.O_CLOEXEC, 0);
        if (descriptor < 0)
            return Errno.Last;
        byte empty = 0;
        StatxData data;
        Files.Statx(descriptor, &empty, Files.AT_EMPTY_PATH, Files.STATX_BASIC_STATS | Files.STATX_MNT_ID, &data);
        string real = FileService.DescriptorPath(descriptor) ?? full;
        var mount = mounts.ById((int)data.MountId);
        string device = $"{data.FileSystemMajor}:{data.FileSystemMinor}";
        Descriptors.Close(descriptor);
        var fileSystem = mount is null ? null : exports.FileSystems.All.FirstOrDefault(f => IsOn(f, mount, device));
        var export = exports.Current.Covering(real) is { } covering && covering.FileSystem == fileSystem ? covering : null;
        meaning = new PathMeaning(real, fileSystem, export);
        return 0;
    }

    /// <summary>The same mount, or another mount of the same filesystem.</summary>
    private bool IsOn(FileSystem fileSystem, MountEntry mount, string device) =>
        fileSystem.MountPoint == mount.MountPoint
        || mounts.Covering(fileSystem.MountPoint) is { } other && other.MountPoint == fileSystem.MountPoint && (other.Device == mount.Device || other.Device == device);
}
