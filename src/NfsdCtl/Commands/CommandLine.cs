using System.CommandLine;

namespace NfsdCtl.Commands;

/// <summary>The whole command line. <c>serve</c> and <c>config</c> are the host's; every other command only reads and writes admin files.</summary>
public static class CommandLine
{
    /// <summary>Parses <paramref name="arguments"/> and runs what they say.</summary>
    /// <param name="output">Instead of standard output; plain text.</param>
    /// <param name="error">Instead of standard error.</param>
    /// <returns>The exit code: 0 done, 1 refused or failed, 2 not understood, 3 no server can be reached.</returns>
    public static int Run(
        IReadOnlyList<string> arguments, Func<ServeOptions, int> serve, Func<ServeOptions, int> showConfig, TextWriter? output = null, TextWriter? error = null)
    {
        var result = Create(serve, showConfig).Parse(arguments);
        // Signals belong to the server: with a termination time-out the library would take SIGTERM and SIGINT away from it.
        var invocation = new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false };
        invocation.Output = output ?? invocation.Output;
        invocation.Error = error ?? invocation.Error;
        int code = result.Invoke(invocation);
        return result.Errors.Count > 0 ? 2 : code;
    }

    /// <summary>The tree of commands.</summary>
    public static RootCommand Create(Func<ServeOptions, int> serve, Func<ServeOptions, int> showConfig)
    {
        var root = new RootCommand("NfsdCtl: an NFS server whose failover is driven through files")
        {
            ServeCommand.Create(serve),
            ConfigCommand.Create(showConfig),
            ClientsCommand.Create(),
            ClientCommand.Create(),
            LastCommand.Create(),
        };
        foreach (var file in AdminCommandTable.All)
            root.Subcommands.Add(file.Create());
        return root;
    }
}
