using System.Diagnostics;

namespace NfsdCtl.Trials;

/// <summary>A server process that is started, killed with SIGKILL, and started again.</summary>
public sealed class KilledServer(string[] command) : IDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);
    private Process? process;

    public int Lives { get; private set; }

    public bool Running => process is { HasExited: false };

    /// <summary>Starts it and waits for its line <c>ready …</c>.</summary>
    /// <exception cref="TimeoutException">It did not become ready, or ended.</exception>
    public void Start()
    {
        process?.Dispose();
        using var ready = new ManualResetEventSlim();
        var start = new ProcessStartInfo(command[0]) { RedirectStandardOutput = true };
        foreach (var argument in command.AsSpan(1))
            start.ArgumentList.Add(argument);
        process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data?.StartsWith("ready", StringComparison.Ordinal) == true)
                ready.Set();
        };
        process.BeginOutputReadLine();
        var clock = Stopwatch.StartNew();
        while (!ready.Wait(20))
        {
            if (!Running || clock.Elapsed > StartLimit)
                throw new TimeoutException($"life {Lives + 1} of the server did not become ready in {clock.Elapsed.TotalSeconds:F0} s{(Running ? "" : $" and ended with status {process.ExitCode}")}");
        }

        // the handler above must not outlive the event it sets
        process.CancelOutputRead();
        Lives++;
    }

    /// <summary>SIGKILL.</summary>
    public void Kill()
    {
        process!.Kill();
        process.WaitForExit();
    }

    public void Dispose()
    {
        if (Running)
            Kill();
        process?.Dispose();
    }
}
