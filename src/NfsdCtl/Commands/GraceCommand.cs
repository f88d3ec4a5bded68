using System.CommandLine;

namespace NfsdCtl.Commands;

/// <summary><c>nfsdctl grace</c>.</summary>
public static class GraceCommand
{
    public static Command Create() => ReportCommand.Create(
        "grace", "Show the grace windows and who is missing", RecordText.ParseList,
        Column.Of("Server", "server"), new Column("Filesystem", r => Column.Text(r["path"] ?? r["filesystem"])), Column.Of("Reason", "reason"),
        Column.Of("Reclaim", "reclaim"), Column.Of("Left", "seconds_left"), Column.Of("Done", "done"), Column.Of("Missing", "missing"));
}
