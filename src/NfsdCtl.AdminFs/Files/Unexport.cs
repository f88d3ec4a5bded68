using NfsdCtl.Control;

namespace NfsdCtl.AdminFs.Files;

/// <summary><c>unexport</c>: removes exports at once.</summary>
internal sealed class Unexport(AdminHost host) : TransactionFile(
    host, "unexport", 0x180, AdminFileKind.Command, "PATH, or CLIENT:PATH: take this export back at once")
{
    protected override Answer Execute(CommandText text, Order order)
    {
        if (!text.TryWords(1, 1, "PATH\\n or CLIENT:PATH\\n", needsNewline: true, out var words, out var error))
            return error;
        // A client may be an IPv6 address; its path is absolute, as exportfs(8) wants it.
        int colon = words[0].StartsWith('/') ? -1 : words[0].IndexOf(":/", StringComparison.Ordinal);
        string? client = colon > 0 ? words[0][..colon] : null;
        return Arguments.TryPath(Host, words[0][(colon + 1)..], order, out string path, out error)
            ? Answer.From(Control.Unexport(client, path, order), r => string.Concat(r.Exports.Select(e => $"unexported {e}\n")))
            : error;
    }
}
