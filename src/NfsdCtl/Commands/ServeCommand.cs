using System.CommandLine;

namespace NfsdCtl.Commands;

/// <summary><c>nfsdctl serve</c>: runs the server in the foreground until SIGTERM or SIGINT.</summary>
public static class ServeCommand
{
    /// <param name="serve">Runs the server and gives the exit code.</param>
    public static Command Create(Func<ServeOptions, int> serve)
    {
        var options = new ServeOptionSet();
        var command = new Command("serve", "Serve the exports in the foreground, until SIGTERM or SIGINT");
        options.AddTo(command);
        command.SetAction(result => serve(options.Read(result)));
        return command;
    }
}
