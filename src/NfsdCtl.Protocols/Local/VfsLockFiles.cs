using NfsdCtl.State.Locks;
using NfsdCtl.Vfs;

namespace NfsdCtl.Protocols.Local;

/// <summary>Locks on real files.</summary>
public sealed class VfsLockFiles(FileService files) : ILocalLockFiles
{
    public VfsStatus Open(in FileKey file, out ILocalLockFile? opened)
    {
        var status = files.OpenLockFile(file, out var real);
        opened = real is null ? null : new Opened(real);
        return status;
    }

    private sealed class Opened(LocalLockFile file) : ILocalLockFile
    {
        public LocalLockResult Set(LockRange range, LockKind? kind) =>
            file.Set(ToLocal(range), kind is { } set ? ToLocal(set) : LocalLockKind.None);

        public LocalHolder? Conflict(LockRange range, LockKind kind)
        {
            if (file.Get(ToLocal(range), ToLocal(kind)) is not { } found)
                return null;
            LockRange.TryFrom(found.Range.Start, found.Range.Length, out var held);
            return new LocalHolder(held, found.Kind == LocalLockKind.Exclusive ? LockKind.Write : LockKind.Read, found.Process);
        }

        public LocalLockResult Wait(LockRange range, LockKind kind, LocalLockWait wait) => file.Wait(ToLocal(range), ToLocal(kind), wait);

        public void Dispose() => file.Dispose();

        private static LocalRange ToLocal(LockRange range) => new(range.Start, range.Length);

        private static LocalLockKind ToLocal(LockKind kind) => kind == LockKind.Write ? LocalLockKind.Exclusive : LocalLockKind.Shared;
    }
}
