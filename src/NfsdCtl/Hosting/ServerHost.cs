using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NfsdCtl.Commands;
using NfsdCtl.Configuration;

namespace NfsdCtl.Hosting;

/// <summary>Runs <c>nfsdctl serve</c>: settings, checks, the generic host, and the exit code.</summary>
public static class ServerHost
{
    private const string AdminMountPath = "nfsdctl:admin-mount";

    /// <summary>Serves until SIGTERM or SIGINT. 0: ended cleanly; 1: could not start, and standard error says why.</summary>
    public static int Serve(ServeOptions options)
    {
        try
        {
            var settings = SettingsLoader.Load(options.ConfigFile, options.Overrides);
            Prerequisites.Check(settings);
            using var host = Build(settings);
            host.Run();
            return 0;
        }
        catch (Exception e) when (Explain(e) is { } lines)
        {
            foreach (string line in lines)
                Console.Error.WriteLine("nfsdctl: " + line);
            return 1;
        }
    }

    /// <summary>Prints the settings in force in the running server or, when there is none or other options are given, those that one would start with.</summary>
    public static int ShowConfig(ServeOptions options) => ShowConfig(options, Console.Out, Console.Error);

    /// <inheritdoc cref="ShowConfig(ServeOptions)"/>
    /// <param name="output">Instead of standard output.</param>
    /// <param name="error">Instead of standard error.</param>
    public static int ShowConfig(ServeOptions options, TextWriter output, TextWriter error)
    {
        try
        {
            var settings = SettingsLoader.Load(options.ConfigFile, options.Overrides);
            bool asked = options.ConfigFile is null && options.Overrides.All(o => o.Path == AdminMountPath);
            output.Write(asked && InForce(settings.AdminMount, error) is { } running ? running : SettingsLoader.Describe(settings));
            if (!asked)
                error.WriteLine("nfsdctl config: a server would start with these settings; without options: those of the running one");
            return 0;
        }
        catch (ConfigurationException e)
        {
            foreach (var problem in e.Problems)
                error.WriteLine("nfsdctl: " + problem);
            return 1;
        }
    }

    /// <summary>What the server on an admin mount says; null when there is none to ask, which is told.</summary>
    private static string? InForce(string adminMount, TextWriter error)
    {
        try
        {
            return SettingsLoader.Describe(RecordText.ParseList(new AdminClient(adminMount).Read("settings"))
                .Select(s => (Column.Text(s["section"]), Column.Text(s["key"]), Column.Text(s["value"]))));
        }
        catch (AdminClientException e)
        {
            error.WriteLine($"nfsdctl config: {e.Message}");
            error.WriteLine("nfsdctl config: a server would start with these settings");
            return null;
        }
    }

    private static IHost Build(ServerSettings settings)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        LoggingSetup.Configure(builder.Logging, settings);
        builder.Services.AddSingleton(settings);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddHostedService<NfsServer>();
        builder.Services.Configure<ConsoleLifetimeOptions>(o => o.SuppressStatusMessages = true);
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(20));
        return builder.Build();
    }

    /// <summary>The lines for an administrator when the cause lies outside of this program; null for a bug.</summary>
    private static IEnumerable<string>? Explain(Exception e) => e switch
    {
        ConfigurationException c => c.Problems.Select(p => p.ToString()),
        StartupException s => s.Lines,
        Wire.Server.RpcListenException l => [l.Message],
        Fuse.FuseException f => [f.Message],
        AggregateException { InnerExceptions: [var only] } => Explain(only),
        _ => null,
    };
}
