using System.Collections.Concurrent;
using NfsdCtl.Linux;
using NfsdCtl.Vfs.FileSystems;
using NfsdCtl.Vfs.Nodes;

namespace NfsdCtl.Vfs;

/// <summary>The kinds of a lock on a byte range.</summary>
public enum LocalLockKind : byte
{
    None,
    Shared,
    Exclusive,
}

/// <summary>A byte range: <see cref="Length"/> 0 means to the end, however long the file grows.</summary>
public readonly record struct LocalRange(ulong Start, ulong Length)
{
    /// <summary>
    /// The kernel knows offsets up to 2^63-1: what begins beyond covers its last byte, what ends beyond goes to the end. The
    /// kernel's lock is then larger than the client's, never smaller.
    /// </summary>
    internal (long Start, long Length) Clamp()
    {
        if (Start > long.MaxValue)
            return (long.MaxValue, 0);
        return Length == 0 || Length > long.MaxValue - Start ? ((long)Start, 0) : ((long)Start, (long)Length);
    }
}

/// <summary>A lock of a local program that is in the way.</summary>
/// <param name="Process">Its pid; -1 when an open file description holds it.</param>
public readonly record struct LocalConflict(LocalLockKind Kind, LocalRange Range, int Process);

public enum LocalLockResult : byte
{
    Done,

    /// <summary>A local program holds a lock in the way.</summary>
    Conflict,

    /// <summary>The wait was cancelled.</summary>
    Cancelled,

    /// <summary>The kernel has no room for the lock, or its filesystem has no locks.</summary>
    NoLocks,
}

/// <summary>
/// One descriptor through which the locks of all clients on one file are held against local programs: an open file
/// description of its own, so that its locks conflict with every other's and vanish when it is closed. Calls for one file
/// come one at a time, but for <see cref="Wait"/>.
/// </summary>
public sealed unsafe class LocalLockFile : IDisposable
{
    private readonly Lock closing = new();
    private readonly ConcurrentDictionary<FileKey, LocalLockFile> known;
    private int descriptor;

    /// <param name="known">Where reports find it while it is open, unless another of the same file is there.</param>
    internal LocalLockFile(in FileKey key, int descriptor, bool canWrite, ConcurrentDictionary<FileKey, LocalLockFile> known)
    {
        Key = key;
        this.descriptor = descriptor;
        CanLockExclusively = canWrite;
        this.known = known;
        known.TryAdd(key, this);
    }

    public FileKey Key { get; }

    /// <summary>False when the file could be opened for reading only (a read-only mount).</summary>
    public bool CanLockExclusively { get; }

    /// <summary>Takes, changes or (with <see cref="LocalLockKind.None"/>) gives back a range at once.</summary>
    public LocalLockResult Set(LocalRange range, LocalLockKind kind) => Run(Locks.F_OFD_SETLK, range, kind);

    /// <summary>The first lock of a local program that would be in the way; null when there is none.</summary>
    public LocalConflict? Get(LocalRange range, LocalLockKind kind)
    {
        var request = ToKernel(range, kind);
        if (Locks.Control(descriptor, Locks.F_OFD_GETLK, &request) < 0 || request.Kind == Locks.F_UNLCK)
            return null;
        var found = request.Kind == Locks.F_WRLCK ? LocalLockKind.Exclusive : LocalLockKind.Shared;
        return new LocalConflict(found, new LocalRange((ulong)request.Start, (ulong)request.Length), request.Process);
    }

    /// <summary>
    /// Waits until the range is granted, on a dedicated thread; <paramref name="wait"/> can be cancelled by another. A
    /// deadlock that the kernel sees is a conflict.
    /// </summary>
    public LocalLockResult Wait(LocalRange range, LocalLockKind kind, LocalLockWait wait)
    {
        ArgumentNullException.ThrowIfNull(wait);
        if (!wait.Begin())
            return LocalLockResult.Cancelled;
        try
        {
            while (true)
            {
                var request = ToKernel(range, kind);
                if (Locks.Control(descriptor, Locks.F_OFD_SETLKW, &request) == 0)
                    return LocalLockResult.Done;
                int error = Errno.Last;
                if (wait.IsCancelled)
                    return LocalLockResult.Cancelled;
                if (error != Errno.EINTR)
                    return Failure(error);
            }
        }
        finally
        {
            wait.End();
        }
    }

    /// <summary>Closes the descriptor: every lock held through it goes. No wait may be under way.</summary>
    public void Dispose()
    {
        known.TryRemove(KeyValuePair.Create(Key, this));
        lock (closing)
        {
            if (descriptor >= 0)
                Descriptors.Close(descriptor);
            descriptor = -1;
        }
    }

    /// <summary>Looks at the descriptor while it is sure to be open; the default when it is closed.</summary>
    internal T? Look<T>(Func<int, T?> look)
    {
        lock (closing)
            return descriptor >= 0 ? look(descriptor) : default;
    }

    private LocalLockResult Run(int command, LocalRange range, LocalLockKind kind)
    {
        var request = ToKernel(range, kind);
        while (Locks.Control(descriptor, command, &request) < 0)
            if (Errno.Last != Errno.EINTR)
                return Failure(Errno.Last);
        return LocalLockResult.Done;
    }

    private static LocalLockResult Failure(int error) =>
        error is Errno.EAGAIN or Errno.EACCES or Errno.EDEADLK ? LocalLockResult.Conflict : LocalLockResult.NoLocks;

    private static FileLock ToKernel(LocalRange range, LocalLockKind kind)
    {
        var (start, length) = range.Clamp();
        return new FileLock
        {
            Kind = kind switch { LocalLockKind.Shared => Locks.F_RDLCK, LocalLockKind.Exclusive => Locks.F_WRLCK, _ => Locks.F_UNLCK },
            Start = start,
            Length = length,
        };
    }
}

/// <summary>One wait for a local lock, cancellable from another thread: a signal ends the waiting thread's system call.</summary>
public sealed class LocalLockWait
{
    /// <summary>The runtime takes SIGRTMIN (34) for itself; this one it leaves alone.</summary>
    private const int InterruptSignal = 37;

    private static readonly Lazy<bool> Installed = new(() => Locks.InstallInterruptSignal(InterruptSignal) == 0);
    private readonly Lock gate = new();
    private int thread;
    private volatile bool cancelled;

    public bool IsCancelled => cancelled;

    /// <summary>
    /// Ends the wait, or the one that is about to begin. The signal may come between the check and the system call and be
    /// lost, so it is sent until the waiter has answered.
    /// </summary>
    public void Cancel()
    {
        cancelled = true;
        while (true)
        {
            lock (gate)
            {
                if (thread == 0)
                    return;
                _ = Locks.SignalThread(Environment.ProcessId, thread, InterruptSignal);
            }
            Thread.Sleep(1);
        }
    }

    internal bool Begin()
    {
        if (!Installed.Value)
            throw new InvalidOperationException("sigaction: " + Errno.Describe(Errno.Last));
        lock (gate)
        {
            if (cancelled)
                return false;
            thread = Credentials.GetThreadId();
            return true;
        }
    }

    internal void End()
    {
        lock (gate)
            thread = 0;
    }
}

public sealed unsafe partial class FileService
{
    private readonly ConcurrentDictionary<FileKey, LocalLockFile> lockFiles = new();

    /// <summary>
    /// Opens a file for locks of its own (see <see cref="LocalLockFile"/>), as root; STALE when it is gone, INVAL for what is
    /// not a regular file. Whoever holds it closes it when the filesystem is released.
    /// </summary>
    public VfsStatus OpenLockFile(in FileKey key, out LocalLockFile? file)
    {
        file = null;
        if (exports.FileSystems.TryGet(key.FileSystem) is not { } fileSystem)
            return VfsStatus.Stale;
        var status = FindNode(fileSystem, key, out var node);
        if (status != VfsStatus.Ok)
            return status;
        ThreadIdentity.BecomeRoot();
        var path = default(NameBuffer);
        NameBuffer.SetDescriptorPath(node!.Descriptor, ref path);
        bool regular = node.Type == FileType.Regular;
        bool canWrite = true;
        int descriptor = regular ? OpenFor(Descriptors.O_RDWR, ref path) : -1;
        if (regular && descriptor < 0 && Errno.Last is Errno.EROFS or Errno.EPERM or Errno.ETXTBSY)
        {
            canWrite = false;
            descriptor = OpenFor(Descriptors.O_RDONLY, ref path);
        }
        status = !regular ? VfsStatus.Inval : descriptor < 0 ? ErrnoMap.Last : VfsStatus.Ok;
        node.Release();
        if (status == VfsStatus.Ok)
            file = new LocalLockFile(key, descriptor, canWrite, lockFiles);
        return status;
    }

    /// <summary>
    /// The path of a file for reports, as the kernel knows it now; null when nothing of it is open here, or when the kernel knows no name of it yet:
    /// a file that was reached by its handle only, as after a move, is in no directory of the kernel's cache.
    /// </summary>
    public string? PathOf(in FileKey key) =>
        exports.FileSystems.TryGet(key.FileSystem) is { } fileSystem && Look(key, DescriptorPath) is { } path && MountTable.IsBelow(path, fileSystem.MountPoint) ? path : null;

    /// <summary>The device and the inode of a file, for reports; null when nothing of it is open here.</summary>
    public (uint Major, uint Minor, ulong Inode)? Locate(in FileKey key) => Look(key, static descriptor =>
    {
        StatxData data;
        byte empty = 0;
        return Files.Statx(descriptor, &empty, Files.AT_EMPTY_PATH | Files.AT_STATX_DONT_SYNC, Files.STATX_BASIC_STATS, &data) == 0
            ? (data.FileSystemMajor, data.FileSystemMinor, data.Inode) : ((uint, uint, ulong)?)null;
    });

    /// <summary>Looks at a file through a descriptor that is open anyway: to open it could mean to wait for the disk, and a report never waits.</summary>
    private T? Look<T>(in FileKey key, Func<int, T?> look)
    {
        if (nodes.Peek(key) is not { } node)
            return lockFiles.TryGetValue(key, out var file) ? file.Look(look) : default;
        var found = look(node.Descriptor);
        node.Release();
        return found;
    }

    private static int OpenFor(int access, ref NameBuffer path)
    {
        fixed (NameBuffer* p = &path)
            return Files.OpenAt(Files.AT_FDCWD, (byte*)p, access | Descriptors.O_NONBLOCK | Descriptors.O_CLOEXEC, 0);
    }
}
