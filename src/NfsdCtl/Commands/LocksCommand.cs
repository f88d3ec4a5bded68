using System.CommandLine;
using System.Text.Json.Nodes;

namespace NfsdCtl.Commands;

/// <summary><c>nfsdctl locks</c>.</summary>
public static class LocksCommand
{
    public static Command Create() => ReportCommand.Create(
        "locks", "Show every lock that is held", RecordText.ParseList,
        new Column("File", File), new Column("Bytes", Range), Column.Of("Kind", "kind"), Column.Of("Client", "client"), Column.Of("Owner", "owner"),
        Column.Of("Protocol", "protocol"), Column.Of("Server", "server"), Column.Of("Age", "age"));

    /// <summary>The path, or the handle of a file whose path cannot be told.</summary>
    internal static string File(JsonObject held) => Column.Text(held["path"] ?? held["file"]);

    internal static string Range(JsonObject held) => $"{held["first"]}-{held["last"]}";
}
