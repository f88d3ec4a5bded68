using System.CommandLine;

namespace NfsdCtl.Commands;

/// <summary><c>nfsdctl hosts</c>.</summary>
public static class HostsCommand
{
    public static Command Create() => ReportCommand.Create(
        "hosts", "Show the NLM peers and their monitors by server address", RecordText.ParseList,
        Column.Of("Server", "server"), Column.Of("Client", "client"), Column.Of("Name", "caller_name"), Column.Of("Monitored", "monitored"),
        Column.Of("State", "state"), Column.Of("Locks", "locks"), Column.Of("Waiters", "waiters"), Column.Of("Shares", "shares"), Column.Of("Idle", "idle"));
}
