using System.CommandLine;

namespace NfsdCtl.Commands;

/// <summary><c>nfsdctl unlock-export PATH</c>.</summary>
public static class UnlockExportCommand
{
    public static Command Create() => OrderCommand.Create(
        "unlock-export", "unlock_export", "Release everything that was acquired through an export", Word.OfPath("the exported path"));
}
