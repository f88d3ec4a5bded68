using NfsdCtl.Control;

namespace NfsdCtl.AdminFs.Files;

/// <summary><c>unlock_ip</c>: releases all that came in through one server address.</summary>
internal sealed class UnlockIp(AdminHost host) : TransactionFile(
    host, "unlock_ip", 0x180, AdminFileKind.Command, "ADDR: release all locks, shares and waiters that came in through this server address")
{
    protected override Answer Execute(CommandText text, Order order)
    {
        if (!text.TryWords(1, 1, "ADDR\\n", needsNewline: true, out var words, out var error))
            return error;
        return Arguments.TryServerAddress(words[0], out var server, out error)
            ? Answer.From(Control.UnlockIp(server, order), r => Arguments.Released("address", r))
            : error;
    }
}
