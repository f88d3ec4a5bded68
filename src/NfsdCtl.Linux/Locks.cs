using System.Runtime.InteropServices;

namespace NfsdCtl.Linux;

/// <summary>
/// Open-file-description locks (fcntl(2), F_OFD_*): they belong to the descriptor's description, not to the process, and
/// respect the POSIX locks of other programs.
/// </summary>
public static unsafe partial class Locks
{
    public const int F_OFD_GETLK = 36;
    public const int F_OFD_SETLK = 37;
    public const int F_OFD_SETLKW = 38;

    public const short F_RDLCK = 0;
    public const short F_WRLCK = 1;
    public const short F_UNLCK = 2;

    [LibraryImport("libc", EntryPoint = "fcntl64", SetLastError = true)]
    public static partial int Control(int descriptor, int command, FileLock* @lock);

    [LibraryImport("libc", EntryPoint = "tgkill", SetLastError = true)]
    public static partial int SignalThread(int process, int thread, int signal);

    /// <summary>
    /// Makes <paramref name="signal"/> interrupt a blocking call with EINTR and do nothing else. The handler is libc's abs:
    /// a function of the right shape that runs no managed code in signal context.
    /// </summary>
    public static int InstallInterruptSignal(int signal)
    {
        var action = new SignalAction
        {
            Handler = NativeLibrary.GetExport(NativeLibrary.Load("libc.so.6"), "abs"),
        };
        return SetSignalAction(signal, &action, null);
    }

    [LibraryImport("libc", EntryPoint = "sigaction", SetLastError = true)]
    private static partial int SetSignalAction(int signal, SignalAction* action, SignalAction* old);

    [StructLayout(LayoutKind.Sequential)]
    private struct SignalAction
    {
        public nint Handler;
        public fixed ulong Mask[16];
        public int Flags;
        public nint Restorer;
    }
}

/// <summary>struct flock of 64-bit Linux.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FileLock
{
    public short Kind;
    public short Whence;
    public long Start;

    /// <summary>0 means to the end of the file, however long it grows.</summary>
    public long Length;

    /// <summary>0 for OFD commands; F_OFD_GETLK answers -1 when the holder is a description.</summary>
    public int Process;
}
