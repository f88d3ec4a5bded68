using System.Globalization;
using NfsdCtl.Control;

namespace NfsdCtl.AdminFs.Files;

/// <summary><c>end_grace</c>: ends one grace window, or all.</summary>
internal sealed class EndGrace(AdminHost host) : TransactionFile(
    host, "end_grace", 0x180, AdminFileKind.Command, "ADDR PATH, or all: end this grace window now")
{
    protected override Answer Execute(CommandText text, Order order)
    {
        if (!text.TryWords(1, 2, "ADDR PATH\\n, or all\\n", needsNewline: true, out var words, out var error))
            return error;
        if (words is ["all"])
            return Answer.From(Control.EndAllGrace(order), Describe);
        if (words.Count == 1)
            return Answer.Invalid("a word is missing; write: ADDR PATH\\n, or all\\n");
        return Arguments.TryServerAddress(words[0], out var server, out error) && Arguments.TryPath(Host, words[1], order, out string path, out error)
            ? Answer.From(Control.EndGrace(server, path, order), Describe)
            : error;
    }

    private static string Describe(EndGraceReport report) => string.Create(CultureInfo.InvariantCulture, $"ended windows={report.Windows}\n");
}
