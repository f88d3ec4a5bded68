using System.CommandLine;

namespace NfsdCtl.Commands;

/// <summary><c>nfsdctl exports</c>.</summary>
public static class ExportsCommand
{
    public static Command Create() => ReportCommand.Create(
        "exports", "Show what is exported to whom", RecordText.ParseExports,
        Column.Of("Path", "path"), Column.Of("Client", "client"), Column.Of("Options", "options"));
}
