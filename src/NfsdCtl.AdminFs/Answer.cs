using NfsdCtl.Control;
using NfsdCtl.Linux;

namespace NfsdCtl.AdminFs;

/// <summary>What a read or write of an admin file comes to: a text, or an errno with one line that explains it.</summary>
/// <param name="Error">Positive errno; 0 when it was done.</param>
/// <param name="Text">What can be read back; empty on an error.</param>
/// <param name="Message">Why not; empty when it was done.</param>
public readonly record struct Answer(int Error, string Text, string Message)
{
    public bool Ok => Error == 0;

    public static Answer Of(string text) => new(0, text, "");

    public static Answer Fail(int errno, string message) => new(errno, "", message);

    public static Answer Invalid(string message) => Fail(Errno.EINVAL, message);

    public static Answer From<T>(Outcome<T> outcome, Func<T, string> text)
        where T : class => outcome.Ok ? Of(text(outcome.Value)) : Fail(outcome.Error.Code, outcome.Error.Message);
}
