using System.Text;
using NfsdCtl.AdminFs.Text;
using NfsdCtl.Linux;

namespace NfsdCtl.AdminFs;

/// <summary>The bytes of one write(2), after a leading <c>--dry-run</c> was taken off. Pure parsing.</summary>
public sealed class CommandText
{
    private readonly byte[] bytes;

    public CommandText(ReadOnlySpan<byte> written)
    {
        IsDryRun = written.StartsWith("--dry-run "u8);
        bytes = (IsDryRun ? written["--dry-run ".Length..] : written).ToArray();
    }

    public bool IsDryRun { get; }

    public bool EndsWithNewline => bytes is [.., (byte)'\n'];

    /// <summary>The bytes as text without the final newline; bytes that are no UTF-8 are replaced.</summary>
    public string Line => Encoding.UTF8.GetString(bytes).TrimEnd('\n');

    /// <summary>The words, when there are from <paramref name="least"/> to <paramref name="most"/> of them and nothing else.</summary>
    /// <param name="usage">The grammar, for the message.</param>
    /// <param name="needsNewline">The last byte must be a newline.</param>
    public bool TryWords(int least, int most, string usage, bool needsNewline, out IReadOnlyList<string> words, out Answer error)
    {
        words = [];
        error = default;
        if (needsNewline && !EndsWithNewline)
            error = Answer.Invalid($"the final newline is missing; write: {usage}");
        else if (Qword.Split(bytes) is not { } found)
            error = Answer.Invalid($"a word is malformed (escapes are \\ooo and \\x…, text is UTF-8, one line); write: {usage}");
        else if (found.Count > most)
            error = Answer.Invalid($"'{found[most]}' is one word too many (a blank in a name is \\040); write: {usage}");
        else if (found.Count < least)
            error = Answer.Invalid($"a word is missing; write: {usage}");
        else
            words = found;
        return error.Ok;
    }

    /// <summary>One number; the newline is optional.</summary>
    public bool TryNumber(long low, long high, out long value, out Answer error)
    {
        value = 0;
        error = default;
        var words = Qword.Split(bytes);
        if (words is { Count: 0 })
            error = Answer.Fail(Errno.ENOENT, $"a number from {low} to {high} is missing");
        else if (words is not { Count: 1 } || !Numbers.TryParse(words[0], out value))
            error = Answer.Invalid($"'{Line}' is not a number");
        else if (value < low || value > high)
            error = Answer.Invalid($"{value} is not from {low} to {high}");
        return error.Ok;
    }
}
