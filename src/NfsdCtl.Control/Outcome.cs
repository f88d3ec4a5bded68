using System.Diagnostics.CodeAnalysis;

namespace NfsdCtl.Control;

/// <summary>
/// Why an order was refused. <see cref="Errno"/> is what write(2) on the admin file returns, so it must be one of
/// <see cref="ControlErrno"/> (positive, Linux numbering); <see cref="Message"/> is one line for people, without a final newline,
/// shown in <c>last/NAME</c>, in the log and by the command line.
/// </summary>
public sealed record ControlError(int Errno, string Message)
{
    public static ControlError Invalid(string message) => new(ControlErrno.EINVAL, message);

    public static ControlError NotFound(string message) => new(ControlErrno.ENOENT, message);

    public static ControlError Busy(string message) => new(ControlErrno.EBUSY, message);
}

/// <summary>The value of an order that was carried out, or the error of one that changed nothing.</summary>
public readonly struct Outcome<T>
    where T : class
{
    private Outcome(T? value, ControlError? error)
    {
        Value = value;
        Error = error;
    }

    public T? Value { get; }

    public ControlError? Error { get; }

    [MemberNotNullWhen(true, nameof(Value))]
    [MemberNotNullWhen(false, nameof(Error))]
    public bool Ok => Error is null;

    public static implicit operator Outcome<T>(T value) => new(value, null);

    public static implicit operator Outcome<T>(ControlError error) => new(null, error);
}

/// <summary>The errors that an order may end with, in Linux numbering (asm-generic/errno-base.h and errno.h).</summary>
public static class ControlErrno
{
    public const int EPERM = 1;
    public const int ENOENT = 2;
    public const int EINTR = 4;
    public const int EIO = 5;
    public const int ENXIO = 6;
    public const int EBADF = 9;
    public const int EAGAIN = 11;
    public const int EACCES = 13;
    public const int EBUSY = 16;
    public const int ENOTDIR = 20;
    public const int EINVAL = 22;
    public const int EFBIG = 27;
    public const int ENOSPC = 28;
    public const int EROFS = 30;
    public const int ENAMETOOLONG = 36;
    public const int ELOOP = 40;
    public const int EPROTONOSUPPORT = 93;
    public const int EOPNOTSUPP = 95;
    public const int EADDRINUSE = 98;
    public const int EADDRNOTAVAIL = 99;
}
