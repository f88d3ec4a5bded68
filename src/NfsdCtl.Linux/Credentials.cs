using System.Runtime.InteropServices;

namespace NfsdCtl.Linux;

/// <summary>
/// The identity of one thread, by raw system calls: glibc's setgroups changes every thread of the process by signals
/// (nptl setxid), and these must change only the caller.
/// </summary>
public static unsafe partial class Credentials
{
    public const int CAP_SYS_RESOURCE = 24;
    public const int RLIMIT_NOFILE = 7;

    private const long SysGetTid = 186;
    private const long SysSetGroups = 116;
    private const long SysSetFsUid = 122;
    private const long SysSetFsGid = 123;
    private const long SysCapGet = 125;
    private const long SysCapSet = 126;
    private const int CloneFs = 0x200;
    private const uint CapabilityVersion3 = 0x2008_0522;

    /// <summary>Sets the file-system user and returns the one before. -1 changes nothing, which is how to ask.</summary>
    public static uint SetFsUid(uint uid) => (uint)Syscall(SysSetFsUid, uid, null);

    /// <summary>Sets the file-system group and returns the one before. -1 changes nothing.</summary>
    public static uint SetFsGid(uint gid) => (uint)Syscall(SysSetFsGid, gid, null);

    /// <summary>Sets the supplementary groups of this thread: 0, or -1 and <see cref="Errno.Last"/>.</summary>
    public static int SetGroups(ReadOnlySpan<uint> groups)
    {
        fixed (uint* p = groups)
            return (int)Syscall(SysSetGroups, groups.Length, p);
    }

    /// <summary>The kernel's id of this thread.</summary>
    public static int GetThreadId() => (int)Syscall(SysGetTid, 0, null);

    /// <summary>Gives this thread a umask and working directory of its own (unshare(CLONE_FS)): 0, or -1.</summary>
    public static int UnshareFileSystemInfo() => Unshare(CloneFs);

    /// <summary>Sets the umask that this thread sees, and returns the one before.</summary>
    public static uint SetUmask(uint mask) => Umask(mask);

    /// <summary>Takes one capability out of this thread's effective set; it stays permitted. 0, or -1 and <see cref="Errno.Last"/>.</summary>
    public static int DropEffectiveCapability(int capability)
    {
        var header = new CapabilityHeader { Version = CapabilityVersion3 };
        var sets = stackalloc CapabilitySets[2];
        if (Syscall(SysCapGet, (long)&header, (uint*)sets) < 0)
            return -1;
        sets[capability / 32].Effective &= ~(1u << (capability % 32));
        return (int)Syscall(SysCapSet, (long)&header, (uint*)sets);
    }

    /// <summary>Raises the soft limit of open descriptors to the hard one and returns it.</summary>
    public static ulong RaiseDescriptorLimit()
    {
        ResourceLimit limit;
        if (GetResourceLimit(RLIMIT_NOFILE, &limit) < 0)
            return 1024;
        limit.Soft = limit.Hard;
        return SetResourceLimit(RLIMIT_NOFILE, &limit) < 0 ? 1024 : limit.Hard;
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long Syscall(long number, long first, uint* second);

    [LibraryImport("libc", EntryPoint = "umask")]
    private static partial uint Umask(uint mask);

    [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
    private static partial int Unshare(int flags);

    [LibraryImport("libc", EntryPoint = "getrlimit64", SetLastError = true)]
    private static partial int GetResourceLimit(int resource, ResourceLimit* limit);

    [LibraryImport("libc", EntryPoint = "setrlimit64", SetLastError = true)]
    private static partial int SetResourceLimit(int resource, ResourceLimit* limit);

    private struct ResourceLimit
    {
        public ulong Soft;
        public ulong Hard;
    }

    private struct CapabilityHeader
    {
        public uint Version;
        public int Pid;
    }

    [StructLayout(LayoutKind.Sequential, Size = 12)]
    private struct CapabilitySets
    {
        public uint Effective;
    }
}
