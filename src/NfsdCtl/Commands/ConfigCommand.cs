using System.CommandLine;

namespace NfsdCtl.Commands;

/// <summary><c>nfsdctl config</c>: shows the settings in force, or those that would be with the same options given to <c>serve</c>.</summary>
public static class ConfigCommand
{
    /// <param name="show">Prints the settings and gives the exit code.</param>
    public static Command Create(Func<ServeOptions, int> show)
    {
        var options = new ServeOptionSet();
        var command = new Command("config", "Show the settings in force, or those with these options, as a file that would give them");
        options.AddTo(command);
        command.SetAction(result => show(options.Read(result)));
        return command;
    }
}
