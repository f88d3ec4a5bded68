using NfsdCtl.State.Locks;
using NfsdCtl.Vfs;

namespace NfsdCtl.Protocols.Local;

/// <summary>A lock of a local program. <see cref="Process"/> is its pid, or -1 for a lock of an open file description.</summary>
public readonly record struct LocalHolder(LockRange Range, LockKind Kind, int Process);

/// <summary>
/// One open file description on which locks against local programs are taken. Locks of one description never conflict with
/// each other: which client holds what is the lock table's business.
/// </summary>
public interface ILocalLockFile : IDisposable
{
    /// <summary>Takes a range without waiting, or gives it back (null).</summary>
    LocalLockResult Set(LockRange range, LockKind? kind);

    /// <summary>A local program's lock that is in the way of this one; null when there is none.</summary>
    LocalHolder? Conflict(LockRange range, LockKind kind);

    /// <summary>Takes a range, waiting as long as it takes or until <paramref name="wait"/> is cancelled.</summary>
    LocalLockResult Wait(LockRange range, LockKind kind, LocalLockWait wait);
}

/// <summary>Opens files for locking.</summary>
public interface ILocalLockFiles
{
    /// <summary>A new description of a file. STALE when it is gone; JUKEBOX when a local lease must be broken first.</summary>
    VfsStatus Open(in FileKey file, out ILocalLockFile? opened);
}
