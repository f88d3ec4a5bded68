using System.CommandLine;

namespace NfsdCtl.Commands;

/// <summary><c>nfsdctl unlock-filesystem PATH</c>.</summary>
public static class UnlockFileSystemCommand
{
    public static Command Create() => OrderCommand.Create(
        "unlock-filesystem", "unlock_filesystem", "Release everything on the filesystem that holds a path", Word.OfPath("any path on the filesystem"));
}
