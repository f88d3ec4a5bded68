using System.Globalization;
using NfsdCtl.Linux;
using static NfsdCtl.Linux.Mounts;

namespace NfsdCtl.Fuse;

/// <summary>
/// A filesystem mounted through /dev/fuse by mount(2), without libfuse and its helper programs: the kernel's protocol is versioned and stable, while
/// libfuse's structures changed their layout under one soname.
/// </summary>
public sealed class FuseMount : IDisposable
{
    private readonly FuseSession session;
    private readonly string source;
    private bool disposed;

    private FuseMount(string directory, string source, FuseSession session)
    {
        Directory = directory;
        this.source = source;
        this.session = session;
    }

    /// <summary>The mount point, canonical.</summary>
    public string Directory { get; }

    /// <summary>
    /// Mounts on a directory, which is made when it is missing. What a dead server of the same name left there is cleaned away first; a living one's mount is
    /// respected.
    /// </summary>
    /// <exception cref="FuseException">With the remedy.</exception>
    public static FuseMount Mount(string directory, IFuseFileSystem fileSystem, FuseMountOptions options)
    {
        string type = "fuse." + options.Name;
        directory = Prepare(directory, type);
        string source = options.Name + "@" + ProcessMark.Own;
        int device = OpenDevice();
        string data = string.Create(CultureInfo.InvariantCulture,
            $"fd={device},rootmode=40000,user_id=0,group_id=0,default_permissions{(options.AllowOthers ? ",allow_other" : "")}");
        if (Mounts.Mount(source, directory, type, MS_NOSUID | MS_NODEV | MS_NOEXEC, data) != 0)
        {
            int error = Errno.Last;
            Descriptors.Close(device);
            throw new FuseException(error is Errno.EPERM or Errno.EACCES
                ? $"cannot mount on {directory}: {Errno.Describe(error)}; run as root (CAP_SYS_ADMIN)"
                : $"cannot mount on {directory}: {Errno.Describe(error)}");
        }
        var session = new FuseSession(device, fileSystem, options);
        session.Start();
        return new FuseMount(directory, source, session);
    }

    /// <summary>Unmounts; when descriptors are open below, the mount vanishes from the tree all the same and they get errors.</summary>
    public void Dispose()
    {
        if (disposed)
            return;
        disposed = true;
        // Only while it is ours: after a foreign unmount somebody else's may be there.
        if (MountTable.TopAt(MountTable.Read(), Directory)?.Source == source && Umount(Directory, UMOUNT_NOFOLLOW) != 0)
            _ = Umount(Directory, UMOUNT_NOFOLLOW | MNT_DETACH);
        session.Dispose();
    }

    private static int OpenDevice()
    {
        int device = Descriptors.Open("/dev/fuse", Descriptors.O_RDWR | Descriptors.O_CLOEXEC | Descriptors.O_NONBLOCK);
        if (device >= 0)
            return device;
        int error = Errno.Last;
        throw new FuseException(error switch
        {
            Errno.ENOENT or Errno.ENODEV or Errno.ENXIO => $"/dev/fuse: {Errno.Describe(error)}; load the kernel's module: modprobe fuse",
            Errno.EPERM or Errno.EACCES => $"/dev/fuse: {Errno.Describe(error)}; run as root, and in a container with --device /dev/fuse",
            _ => $"/dev/fuse: {Errno.Describe(error)}",
        });
    }

    /// <summary>
    /// Makes a clean directory and gives its canonical path, which is what mountinfo shows. Only the directories above are looked at before a
    /// stale mount is gone.
    /// </summary>
    private static string Prepare(string directory, string type)
    {
        try
        {
            string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
            string parent = Path.GetDirectoryName(full) ?? throw new FuseException("cannot mount on /");
            System.IO.Directory.CreateDirectory(parent);
            full = Path.Combine(Canonical(parent), Path.GetFileName(full));
            StaleMounts.Clean(full, type);
            System.IO.Directory.CreateDirectory(full);
            string canonical = Canonical(full);
            StaleMounts.Clean(canonical, type);
            return canonical;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FuseException($"cannot mount on {directory}: {e.Message}");
        }
    }

    private static string Canonical(string directory)
    {
        int descriptor = Descriptors.Open(directory, Descriptors.O_PATH | Descriptors.O_CLOEXEC);
        if (descriptor < 0)
            throw new IOException($"{directory}: {Errno.Describe(Errno.Last)}");
        string? target = new FileInfo($"/proc/self/fd/{descriptor}").LinkTarget;
        Descriptors.Close(descriptor);
        return target ?? throw new IOException("/proc is not mounted");
    }
}
