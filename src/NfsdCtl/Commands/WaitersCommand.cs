using System.CommandLine;
using System.Text.Json.Nodes;

namespace NfsdCtl.Commands;

/// <summary><c>nfsdctl waiters</c>: who blocks whom.</summary>
public static class WaitersCommand
{
    public static Command Create() => ReportCommand.Create(
        "waiters", "Show who waits for a lock, and who blocks them", RecordText.ParseList,
        new Column("File", LocksCommand.File), new Column("Bytes", LocksCommand.Range), Column.Of("Kind", "kind"), Column.Of("Client", "client"),
        Column.Of("Owner", "owner"), Column.Of("Server", "server"), Column.Of("Age", "age"), new Column("Blocked by", Blockers));

    private static string Blockers(JsonObject waiter) => string.Join("; ", (waiter["blockers"] as JsonArray ?? []).OfType<JsonObject>().Select(b =>
        $"{Column.Text(b["client"])} {Column.Text(b["owner"])} {Column.Text(b["kind"])} {LocksCommand.Range(b)} via {Column.Text(b["server"])}"));
}
