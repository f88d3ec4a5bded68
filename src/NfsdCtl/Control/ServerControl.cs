using NfsdCtl.Control;
using NfsdCtl.Linux;
using NfsdCtl.State.Records;
using NfsdCtl.Vfs.FileSystems;

namespace NfsdCtl.Hosting;

/// <summary>
/// The administrator's interface of a running server. Orders come from the admin files' own threads, may block, and answer
/// when they are done; queries copy what the state machines hold.
/// </summary>
public sealed partial class ServerControl(ServerParts parts, ScopeLoader scopes, Listeners listeners) : IServerControl
{
    private readonly long started = parts.Time.GetTimestamp();
    private readonly DateTimeOffset startedAt = parts.Time.GetUtcNow();

    /// <summary>Resolves a path as the caller sees it; the error is that of the look-up.</summary>
    private ControlError? Find(string path, Order order, out PathMeaning meaning)
    {
        int errno = parts.Paths.Resolve(path, order.Caller.Pid, out var found);
        meaning = found!;
        return errno == 0 ? null : new ControlError(errno, $"{path}: {Errno.Describe(errno)}");
    }

    private static ControlError OfRecords(RecordStatus status, string what) => status switch
    {
        RecordStatus.NoSpace => new(Errno.ENOSPC, $"{what}: the filesystem of the records is full"),
        RecordStatus.ReadOnly => new(Errno.EROFS, $"{what}: the filesystem of the records is read-only"),
        RecordStatus.Unavailable => new(Errno.ENOENT, $"{what}: the filesystem is not mounted, or another one is"),
        _ => new(Errno.EIO, $"{what}: the records could not be read or written"),
    };

    private TimeSpan Since(long timestamp) => parts.Time.GetElapsedTime(timestamp);

    private string? PathOf(FsId fileSystem) => parts.FileSystems.TryGet(fileSystem)?.MountPoint;
}
