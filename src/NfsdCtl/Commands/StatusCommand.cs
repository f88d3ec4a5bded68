using System.CommandLine;

namespace NfsdCtl.Commands;

/// <summary><c>nfsdctl status</c>.</summary>
public static class StatusCommand
{
    public static Command Create()
    {
        var command = new Command("status", "Show the server on one screen");
        new AdminOptions().Complete(command, (client, _, writer) => writer.Mapping(RecordText.ParseMapping(client.Read("status"))));
        return command;
    }
}
