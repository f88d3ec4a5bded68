using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace NfsdCtl.TestKit;

/// <summary>A server process on 127.0.0.1 with ports, admin mount and state of its own, that exports a tmpfs; ends with Dispose.</summary>
public sealed class LoopbackServer : IDisposable
{
    private readonly Process process;
    private readonly List<string> output = [];

    private LoopbackServer(string directory, int[] ports)
    {
        Directory = directory;
        (NfsPort, MountPort, LockPort, StatPort) = (ports[0], ports[1], ports[2], ports[3]);
        System.IO.Directory.CreateDirectory(Export);
        Command("mount", "-t", "tmpfs", "nfsdctl-test", Export);
        File.WriteAllText(Path.Combine(directory, "exports"), $"{Export} *(rw,sync,no_subtree_check,no_root_squash,insecure,fsid=7)\n");
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "nfsdctl"),
        [
            "serve", "--exports", Path.Combine(directory, "exports"), "--host", "127.0.0.1", "--rpcbind", "off", "--admin-mount", AdminMount,
            "--state-dir", Path.Combine(directory, "state"), "--port", $"{NfsPort}", "--mountd-port", $"{MountPort}", "--lockd-port", $"{LockPort}", "--statd-port", $"{StatPort}",
        ])
        { RedirectStandardOutput = true, RedirectStandardError = true };
        process = Process.Start(start)!;
    }

    /// <summary>Where its files are; outside of the export.</summary>
    public string Directory { get; }

    public string Export => Path.Combine(Directory, "export");

    public string AdminMount => Path.Combine(Directory, "admin");

    public int NfsPort { get; }

    public int MountPort { get; }

    public int LockPort { get; }

    public int StatPort { get; }

    /// <exception cref="InvalidOperationException">It did not become ready; with what it said.</exception>
    public static LoopbackServer Start()
    {
        var server = new LoopbackServer(System.IO.Directory.CreateTempSubdirectory("nfsdctl-").FullName, FreePorts(4));
        try
        {
            server.WaitUntilReady();
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    private void WaitUntilReady()
    {
        using var ready = new ManualResetEventSlim();
        DataReceivedEventHandler keep = (_, line) =>
        {
            lock (output)
                output.Add(line.Data ?? "");
            if (line.Data is null || line.Data.StartsWith("ready", StringComparison.Ordinal))
                ready.Set();
        };
        process.OutputDataReceived += keep;
        process.ErrorDataReceived += (_, line) =>
        {
            lock (output)
                output.Add(line.Data ?? "");
        };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        ready.Wait(TimeSpan.FromSeconds(30));
        process.OutputDataReceived -= keep;
        lock (output)
        {
            if (!output.Exists(l => l.StartsWith("ready", StringComparison.Ordinal)))
                throw new InvalidOperationException("the server is not ready:\n" + string.Join('\n', output));
        }
    }

    // Free a moment ago: the kernel hands out others before it comes back to these.
    private static int[] FreePorts(int count)
    {
        var sockets = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        sockets.ForEach(s => s.Start());
        var ports = sockets.Select(s => ((IPEndPoint)s.LocalEndpoint).Port).ToArray();
        sockets.ForEach(s => s.Dispose());
        return ports;
    }

    private static void Command(string name, params string[] arguments)
    {
        var result = Shell.Run(TimeSpan.FromSeconds(20), null, name, arguments);
        if (result.Status != 0)
            throw new InvalidOperationException($"{name}: {result}");
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            // SIGTERM first: it unmounts its admin filesystem
            Shell.Run(TimeSpan.FromSeconds(5), null, "kill", "-TERM", $"{process.Id}");
            if (!process.WaitForExit(TimeSpan.FromSeconds(10)))
                process.Kill();
        }

        process.Dispose();
        Shell.Run(TimeSpan.FromSeconds(20), null, "umount", "-l", Export);
        System.IO.Directory.Delete(Directory, recursive: true);
    }
}
