using System.Diagnostics.CodeAnalysis;
using NfsdCtl.Linux;

namespace NfsdCtl.Control;

/// <summary>
/// Why an order was refused. <see cref="Code"/> is what write(2) on the admin file returns, so it must be one of
/// <see cref="Linux.Errno"/> (positive); <see cref="Message"/> is one line for people, without a final newline,
/// shown in <c>last/NAME</c>, in the log and by the command line.
/// </summary>
public sealed record ControlError(int Code, string Message)
{
    public static ControlError Invalid(string message) => new(Errno.EINVAL, message);

    public static ControlError NotFound(string message) => new(Errno.ENOENT, message);

    public static ControlError Busy(string message) => new(Errno.EBUSY, message);
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
