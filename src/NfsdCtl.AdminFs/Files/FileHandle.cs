using NfsdCtl.AdminFs.Text;
using NfsdCtl.Control;
using NfsdCtl.Linux;

namespace NfsdCtl.AdminFs.Files;

/// <summary><c>filehandle</c>: the file handle by which clients of a domain know a path.</summary>
internal sealed class FileHandle(AdminHost host) : TransactionFile(
    host, "filehandle", 0x180, AdminFileKind.Command, "DOMAIN PATH MAXSIZE: the file handle of this path as \\x…")
{
    private const int MinSize = 32;
    private const int MaxSize = 64;

    protected override Answer Execute(CommandText text, Order order)
    {
        const string Usage = "DOMAIN PATH MAXSIZE\\n";
        if (!text.TryWords(2, 3, Usage, needsNewline: true, out var words, out var error) || !Arguments.TryPath(Host, words[1], order, out string path, out error))
            return error;
        if (words.Count < 3)
            return Answer.Fail(Errno.ENOENT, $"the size is missing; write: {Usage}");
        if (!Numbers.TryParse(words[2], out long size) || size < MinSize)
            return Answer.Invalid($"'{words[2]}' is not a size from {MinSize} to {MaxSize}");
        return Answer.From(
            Control.FileHandle(words[0], path, (int)Math.Min(size, MaxSize), order),
            r => "\\x" + Convert.ToHexStringLower(r.Handle.Span) + "\n");
    }
}
