namespace NfsdCtl.Fuse;

/// <summary>How to mount.</summary>
/// <param name="Name">The filesystem's name: its type becomes <c>fuse.NAME</c>, its source <c>NAME@PID.STARTTIME</c>. No blanks.</param>
/// <param name="AllowOthers">False: only root, whatever the modes say (-EACCES for all others).</param>
public sealed record FuseMountOptions(string Name, bool AllowOthers = false)
{
    /// <summary>Told about an exception inside an operation, which the kernel sees as EIO.</summary>
    public Action<Exception>? OnBug { get; init; }

    /// <summary>
    /// Called once, on a thread of the session, when the mount is gone although <see cref="FuseMount.Dispose"/> was not called: somebody else unmounted it or
    /// aborted its connection.
    /// </summary>
    public Action? OnForeignUnmount { get; init; }

    /// <summary>How long an interrupted caller waits for an operation that does not look at its token, before it gets EINTR.</summary>
    public TimeSpan InterruptPatience { get; init; } = TimeSpan.FromSeconds(1);

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
