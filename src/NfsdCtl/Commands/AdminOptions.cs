using System.CommandLine;

namespace NfsdCtl.Commands;

/// <summary>The options of every command that talks to a running server through its files.</summary>
public sealed class AdminOptions
{
    private readonly Option<string> mount = new("--admin-mount")
    {
        Description = "where the server's admin filesystem is mounted",
        HelpName = "DIR",
        DefaultValueFactory = _ => new Configuration.ServerSettings().AdminMount,
    };

    private readonly Option<bool> json = new("--json") { Description = "answer in JSON" };

    /// <summary>Adds the options and the action, with one place where failures become a line and an exit code.</summary>
    public void Complete(Command command, Action<AdminClient, ParseResult, ReportWriter> action)
    {
        command.Options.Add(mount);
        command.Options.Add(json);
        command.SetAction(result =>
        {
            var streams = result.InvocationConfiguration;
            try
            {
                bool forPeople = ReferenceEquals(streams.Output, Console.Out) && !Console.IsOutputRedirected;
                action(new AdminClient(result.GetValue(mount)!), result, new ReportWriter(streams.Output, result.GetValue(json), forPeople));
                return 0;
            }
            catch (AdminClientException e)
            {
                streams.Error.WriteLine($"nfsdctl {command.Name}: {e.Message}");
                return e.ExitCode;
            }
        });
    }
}
