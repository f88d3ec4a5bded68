using System.CommandLine;

namespace NfsdCtl.Commands;

/// <summary><c>nfsdctl unexport [CLIENT:]PATH</c>.</summary>
public static class UnexportCommand
{
    public static Command Create() => OrderCommand.Create(
        "unexport", "unexport", "Take an export back at once", Word.Plain("[CLIENT:]PATH", "a path for all clients, or one client's"));
}
