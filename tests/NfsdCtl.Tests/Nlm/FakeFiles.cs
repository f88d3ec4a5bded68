using NfsdCtl.Protocols.Local;
using NfsdCtl.Protocols.Nlm;
using NfsdCtl.State.Locks;
using NfsdCtl.Vfs;
using NfsdCtl.Vfs.Exports;

namespace NfsdCtl.Tests.Nlm;

/// <summary>
/// Files that are two bytes: the filesystem's number and the file's. Filesystem 0 is gone, 255 is read-only; other handles
/// are malformed. Local programs' locks are what the test says.
/// </summary>
internal sealed class FakeFiles : INlmFiles, ILocalLockFiles
{
    private readonly Dictionary<FileKey, List<CoverRange>> local = [];
    private readonly List<Opened> opened = [];
    private readonly Export?[] exports = new Export?[256];

    public bool LocalLocks { get; set; }

    public VfsStatus OpenStatus { get; set; } = VfsStatus.Ok;

    public int Open => opened.Count;

    /// <summary>fcntl calls that changed a lock.</summary>
    public int Calls { get; private set; }

    public static byte[] Handle(byte file, byte fileSystem = 1) => [fileSystem, file];

    public static FsId FileSystem(byte number) => FsId.FromNumber(number);

    public static FileKey Key(byte file, byte fileSystem = 1) => new(FileSystem(fileSystem), 1, [file]);

    public VfsStatus Identify(ReadOnlySpan<byte> handle, in NfsdCtl.Vfs.Caller caller, out FileKey file, out Export? export)
    {
        file = default;
        export = null;
        if (handle.Length != 2)
            return VfsStatus.BadHandle;
        if (handle[0] == 0)
            return VfsStatus.Stale;
        file = Key(handle[1], handle[0]);
        export = exports[handle[0]] ??= new Export(
            "/export", new ClientSpec(ClientKind.Anyone, "*"), new ExportOptions { ReadOnly = handle[0] == 255, LocalLocks = LocalLocks })
        {
            FileSystem = file.FileSystem,
            Tag = handle[0],
        };
        return VfsStatus.Ok;
    }

    /// <summary>Uid 13 may lock nothing.</summary>
    public VfsStatus IdentifyForLock(ReadOnlySpan<byte> handle, in NfsdCtl.Vfs.Caller caller, out FileKey file, out Export? export)
    {
        var status = Identify(handle, caller, out file, out export);
        return status == VfsStatus.Ok && caller.Uid == 13 ? VfsStatus.Access : status;
    }

    VfsStatus ILocalLockFiles.Open(in FileKey file, out ILocalLockFile? result)
    {
        result = null;
        if (OpenStatus != VfsStatus.Ok)
            return OpenStatus;
        var fresh = new Opened(this, file);
        opened.Add(fresh);
        result = fresh;
        return VfsStatus.Ok;
    }

    /// <summary>A local program takes a lock; false when the server's own locks are in the way.</summary>
    public bool LockLocally(FileKey file, LockRange range, LockKind kind)
    {
        bool free = !opened.Exists(o => o.Key == file && o.Held.Overlaps(range, kind == LockKind.Write ? LockKind.Read : LockKind.Write));
        if (free)
            LocalOf(file).Add(new CoverRange(range, kind));
        return free;
    }

    public void UnlockLocally(FileKey file) => local.Remove(file);

    /// <summary>What local programs see locked.</summary>
    public IReadOnlyList<CoverRange> Seen(FileKey file) => opened.Find(o => o.Key == file)?.Held.Ranges ?? [];

    private List<CoverRange> LocalOf(FileKey file)
    {
        if (!local.TryGetValue(file, out var held))
            local.Add(file, held = []);
        return held;
    }

    private sealed class Opened(FakeFiles owner, FileKey key) : ILocalLockFile
    {
        public FileKey Key => key;

        public KernelCover Held { get; } = new();

        public LocalLockResult Set(LockRange range, LockKind? kind)
        {
            owner.Calls++;
            if (kind is { } wanted && Conflict(range, wanted) is not null)
                return LocalLockResult.Conflict;
            Held.Set(range, kind);
            return LocalLockResult.Done;
        }

        public LocalHolder? Conflict(LockRange range, LockKind kind)
        {
            foreach (var held in owner.LocalOf(key))
            {
                if (held.Range.Overlaps(range) && (kind == LockKind.Write || held.Kind == LockKind.Write))
                    return new LocalHolder(held.Range, held.Kind, 4711);
            }
            return null;
        }

        public LocalLockResult Wait(LockRange range, LockKind kind, LocalLockWait wait) => LocalLockResult.Cancelled;

        public void Dispose() => owner.opened.Remove(this);
    }
}
