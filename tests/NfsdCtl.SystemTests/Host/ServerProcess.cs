using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using NfsdCtl.TestKit;

namespace NfsdCtl.SystemTests.Host;

/// <summary>
/// A real <c>nfsdctl serve</c> on loopback addresses with ports, directories and an admin mount of its own. Everything is taken away
/// again; only the process that was started is ended.
/// </summary>
internal sealed class ServerProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process process;
    private readonly BlockingCollection<string> output = [];
    private readonly ConcurrentQueue<string> errors = new();

    /// <param name="directory">Where this server's files go; made by the caller.</param>
    /// <param name="arguments">Further options of <c>serve</c>; they replace the defaults of the same name.</param>
    public ServerProcess(string directory, string exports, params string[] arguments)
        : this(Path.Combine(directory, "admin"), new ProcessStartInfo(Program, ["serve", "--exports", Written(directory, exports), .. Options(directory, arguments)])) =>
        ExportsFile = ExportsIn(directory);

    private ServerProcess(string adminMount, ProcessStartInfo start)
    {
        AdminMount = adminMount;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.RedirectStandardInput = true;
        process = Process.Start(start)!;
        process.OutputDataReceived += (_, e) =>
        {
            if (e.Data is not null)
                output.Add(e.Data);
            else
                output.CompleteAdding();
        };
        process.ErrorDataReceived += (_, e) =>
        {
            if (e.Data is not null)
                errors.Enqueue(e.Data);
        };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>The same by <c>scripts/serve</c>, which writes the exports itself.</summary>
    public static ServerProcess ByScript(string directory, string exported)
    {
        var start = new ProcessStartInfo(Path.Combine(Shell.Root, "scripts", "serve"), [exported, .. Options(directory)]);
        start.Environment["NFSDCTL"] = Program;
        return new ServerProcess(Path.Combine(directory, "admin"), start);
    }

    private static string Program => Path.Combine(AppContext.BaseDirectory, "nfsdctl");

    private static string ExportsIn(string directory) => Path.Combine(directory, "exports");

    private static string Written(string directory, string exports)
    {
        File.WriteAllText(ExportsIn(directory), exports);
        return ExportsIn(directory);
    }

    private static IEnumerable<string> Options(string directory, params string[] replaced)
    {
        var options = new Dictionary<string, string>
        {
            ["--host"] = "127.0.0.1",
            ["--port"] = "0",
            ["--rpcbind"] = "off",
            ["--admin-mount"] = Path.Combine(directory, "admin"),
            ["--state-dir"] = Path.Combine(directory, "state"),
            ["--grace"] = "10",
        };
        foreach (string[] pair in replaced.Chunk(2))
            options[pair[0]] = pair[1];
        return options.SelectMany(o => new[] { o.Key, o.Value });
    }

    public string AdminMount { get; }

    public string ExportsFile { get; } = "";

    public int Id => process.Id;

    public string Errors => string.Join('\n', errors);

    /// <summary>The line <c>ready …</c>.</summary>
    public string Ready { get; private set; } = "";

    public ServerProcess WaitUntilReady()
    {
        foreach (string line in output.GetConsumingEnumerable(new CancellationTokenSource(Patience).Token))
        {
            if (line.StartsWith("ready ", StringComparison.Ordinal))
            {
                Ready = line;
                return this;
            }
        }
        throw new InvalidOperationException("the server ended before it was ready:\n" + Errors);
    }

    /// <summary>The value of KEY=VALUE in the ready line.</summary>
    public string this[string key] => Ready.Split(' ').Single(w => w.StartsWith(key + "=", StringComparison.Ordinal))[(key.Length + 1)..];

    public int Port(string program) => int.Parse(this[program], CultureInfo.InvariantCulture);

    public string Read(string file) => File.ReadAllText(Path.Combine(AdminMount, file));

    /// <summary>Writes a command as echo does; the errno of the write, 0 when it was taken.</summary>
    public int Write(string file, string command)
    {
        var result = Shell.Run(TimeSpan.FromSeconds(30), null, "python3", "-c",
            "import os,sys\ntry:\n f=os.open(sys.argv[1],os.O_WRONLY)\n os.write(f,sys.argv[2].encode()+b'\\n')\nexcept OSError as e:\n print(e.errno)\nelse:\n print(0)",
            Path.Combine(AdminMount, file), command);
        return int.Parse(result.Text, CultureInfo.InvariantCulture);
    }

    public void Signal(string name) => Shell.Run(TimeSpan.FromSeconds(10), null, "/bin/sh", "-c", $"kill -{name} {Id}");

    /// <summary>Waits for the end and gives the exit code.</summary>
    public int WaitForExit()
    {
        if (!process.WaitForExit(Patience))
            throw new TimeoutException("the server did not end:\n" + Errors);
        // the streams may still hold lines
        process.WaitForExit();
        return process.ExitCode;
    }

    /// <summary>Waits until a condition holds; it is asked for some seconds.</summary>
    public static bool Eventually(Func<bool> condition)
    {
        var limit = Stopwatch.StartNew();
        while (!condition())
        {
            if (limit.Elapsed > TimeSpan.FromSeconds(20))
                return false;
            Thread.Sleep(20);
        }
        return true;
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            Signal("TERM");
            if (!process.WaitForExit(TimeSpan.FromSeconds(20)))
                process.Kill();
        }
        process.Dispose();
        output.Dispose();
    }
}
