using System.CommandLine;

namespace NfsdCtl.Commands;

/// <summary><c>nfsdctl threads [N]</c>.</summary>
public static class ThreadsCommand
{
    public static Command Create()
    {
        var count = new Argument<string?>("N") { Description = "how many; left out: show them; 0: stop serving", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("threads", "Show or set the number of threads that execute requests") { count };
        new AdminOptions().Complete(command, (client, result, writer) =>
            writer.Answer(result.GetValue(count) is { } number ? client.Command("threads", number + "\n") : client.Read("threads")));
        return command;
    }
}
