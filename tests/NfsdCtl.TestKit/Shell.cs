using System.Diagnostics;
using System.Text;

namespace NfsdCtl.TestKit;

/// <summary>How a command ended.</summary>
public sealed record ShellResult(int Status, string Output, string Errors)
{
    public string Text => Output.Trim();

    public override string ToString() => $"status {Status}\n{Output}{Errors}";
}

/// <summary>Runs commands and waits for them.</summary>
public static class Shell
{
    /// <summary>The root of the repository: where NfsdCtl.sln is, above the test's binaries.</summary>
    public static string Root { get; } = FindRoot();

    /// <param name="limit">After it the process and its children are killed.</param>
    /// <exception cref="TimeoutException">With what it had printed.</exception>
    public static ShellResult Run(TimeSpan limit, IReadOnlyDictionary<string, string>? environment, string command, params string[] arguments)
    {
        var start = new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, WorkingDirectory = Root };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = Collect(process.StandardOutput);
        var errors = Collect(process.StandardError);
        if (!process.WaitForExit(limit))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{command} {string.Join(' ', arguments)}: not done in {limit.TotalSeconds} s\n{output()}{errors()}");
        }

        return new ShellResult(process.ExitCode, output(), errors());
    }

    // A child that stays in the background may keep the pipe open: what was printed until shortly after the exit counts.
    private static Func<string> Collect(StreamReader from)
    {
        var text = new StringBuilder();
        var reader = new Thread(() =>
        {
            var buffer = new char[4096];
            while (from.Read(buffer) is var n and > 0)
            {
                lock (text)
                    text.Append(buffer, 0, n);
            }
        })
        { IsBackground = true };
        reader.Start();
        return () =>
        {
            reader.Join(TimeSpan.FromSeconds(2));
            lock (text)
                return text.ToString();
        };
    }

    private static string FindRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "NfsdCtl.sln")))
            directory = directory.Parent;
        return directory?.FullName ?? throw new InvalidOperationException($"no NfsdCtl.sln above {AppContext.BaseDirectory}");
    }
}
