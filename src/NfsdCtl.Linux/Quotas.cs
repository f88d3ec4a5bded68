using System.Runtime.InteropServices;

namespace NfsdCtl.Linux;

/// <summary>quotactl_fd(2), for which glibc has no function: the kernel has it since 5.14.</summary>
public static unsafe partial class Quotas
{
    private const long SYS_quotactl_fd = 443;
    private const uint Q_GETQUOTA = 0x80_0007;
    private const int USRQUOTA = 0;

    /// <summary>
    /// What a user has and may have on the filesystem of a descriptor, which may be an O_PATH one. 0, or -1 and <see cref="Errno.Last"/>: ESRCH where
    /// user quotas are off, ENOSYS where there are none.
    /// </summary>
    public static int GetUser(int descriptor, uint uid, DiskQuota* quota) => (int)Syscall(SYS_quotactl_fd, descriptor, Q_GETQUOTA << 8 | USRQUOTA, uid, quota);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long Syscall(long number, long descriptor, ulong command, ulong id, DiskQuota* quota);
}

/// <summary>struct if_dqblk.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DiskQuota
{
    /// <summary>The unit of limits, in bytes (QIF_DQBLKSIZE).</summary>
    public const int Block = 1024;

    /// <summary>In blocks; 0 for none.</summary>
    public ulong HardLimit;

    /// <summary>In blocks; 0 for none.</summary>
    public ulong SoftLimit;

    /// <summary>In bytes.</summary>
    public ulong Used;
    public ulong FilesHardLimit;
    public ulong FilesSoftLimit;
    public ulong Files;
    public ulong GraceEnd;
    public ulong FilesGraceEnd;
    public uint Valid;
}
