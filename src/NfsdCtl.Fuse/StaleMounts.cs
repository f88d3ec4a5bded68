using NfsdCtl.Linux;

namespace NfsdCtl.Fuse;

/// <summary>
/// Cleans away what a server that was killed left mounted. Every access to such a mount fails with ENOTCONN, or hangs, so it is found in mountinfo only
/// and detached without a look at it.
/// </summary>
internal static class StaleMounts
{
    /// <exception cref="FuseException">A living server, or the kernel's own nfsd, is mounted there.</exception>
    public static void Clean(string directory, string type)
    {
        while (MountTable.TopAt(MountTable.Read(), directory) is { } top)
        {
            if (top.Type == "nfsd")
                throw new FuseException($"{directory} is the kernel's own NFS server; unmount it first: umount {directory}");
            if (top.Type != type)
                return;
            string mark = top.Source[(top.Source.LastIndexOf('@') + 1)..];
            if (ProcessMark.IsAlive(mark))
                throw new FuseException($"{directory} belongs to the running process {ProcessMark.ProcessId(mark)}; stop it or use another directory");
            if (Mounts.Umount(directory, Mounts.MNT_DETACH | Mounts.UMOUNT_NOFOLLOW) != 0)
                throw new FuseException($"cannot unmount what a dead server left on {directory}: {Errno.Describe(Errno.Last)}");
        }
    }
}
