using System.CommandLine;

namespace NfsdCtl.Commands;

/// <summary><c>nfsdctl scopes</c>.</summary>
public static class ScopesCommand
{
    public static Command Create() => ReportCommand.Create(
        "scopes", "Show the units of failover: server address and filesystem", RecordText.ParseList,
        Column.Of("Server", "server"), Column.Of("Filesystem", "filesystem"), Column.Of("Path", "path"), Column.Of("State", "state"), Column.Of("Epoch", "epoch"),
        Column.Of("Records", "records"), Column.Of("Locks", "locks"), Column.Of("Waiters", "waiters"), Column.Of("Shares", "shares"));
}
