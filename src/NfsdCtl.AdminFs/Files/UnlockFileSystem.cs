using NfsdCtl.Control;

namespace NfsdCtl.AdminFs.Files;

/// <summary><c>unlock_filesystem</c>: releases all on one filesystem and lets go of it, so that it can be unmounted.</summary>
internal sealed class UnlockFileSystem(AdminHost host) : TransactionFile(
    host, "unlock_filesystem", 0x180, AdminFileKind.Command, "PATH: release everything on the filesystem that holds this path, through any address")
{
    protected override Answer Execute(CommandText text, Order order)
    {
        if (!text.TryWords(1, 1, "PATH\\n", needsNewline: true, out var words, out var error))
            return error;
        return Arguments.TryPath(Host, words[0], order, out string path, out error)
            ? Answer.From(Control.UnlockFileSystem(path, order), r => Arguments.Released("filesystem", r))
            : error;
    }
}
