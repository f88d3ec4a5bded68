using System.CommandLine;

namespace NfsdCtl.Commands;

/// <summary><c>nfsdctl last NAME</c>: the last command written to a file.</summary>
public static class LastCommand
{
    public static Command Create()
    {
        var name = new Argument<string>("NAME") { Description = "a file, or the command that writes it, such as unlock_ip or unlock-ip" };
        var command = new Command("last", "Show the last command written to a file: when, by whom, what came of it") { name };
        new AdminOptions().Complete(command, (client, result, writer) =>
            Shapes.Mapping(writer, client.Read("last/" + result.GetValue(name)!.Replace('-', '_'))));
        return command;
    }
}
