using System.CommandLine;

namespace NfsdCtl.Commands;

/// <summary><c>nfsdctl unlock-ip ADDR</c>.</summary>
public static class UnlockIpCommand
{
    public static Command Create() => OrderCommand.Create(
        "unlock-ip", "unlock_ip", "Release all locks, shares and waiters that came in through a server address", Word.Plain("ADDR", "an address of the server"));
}
