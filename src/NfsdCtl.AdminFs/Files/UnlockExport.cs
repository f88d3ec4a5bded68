using NfsdCtl.Control;

namespace NfsdCtl.AdminFs.Files;

/// <summary><c>unlock_export</c>: releases what was acquired through one export.</summary>
internal sealed class UnlockExport(AdminHost host) : TransactionFile(
    host, "unlock_export", 0x180, AdminFileKind.Command, "PATH: release everything that was acquired through this export")
{
    protected override Answer Execute(CommandText text, Order order)
    {
        if (!text.TryWords(1, 1, "PATH\\n", needsNewline: true, out var words, out var error))
            return error;
        return Arguments.TryPath(Host, words[0], order, out string path, out error)
            ? Answer.From(Control.UnlockExport(path, order), r => Arguments.Released("export", r))
            : error;
    }
}
