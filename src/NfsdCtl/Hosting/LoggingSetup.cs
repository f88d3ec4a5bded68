using Microsoft.Extensions.Logging;
using NfsdCtl.Configuration;
using NLog.Config;
using NLog.Extensions.Logging;
using NLog.Layouts;
using NLog.Targets;

namespace NfsdCtl.Hosting;

/// <summary>Logs go to standard error, one line an event, as text for people or as JSON for programs.</summary>
public static class LoggingSetup
{
    public static void Configure(ILoggingBuilder logging, ServerSettings settings)
    {
        var target = new ConsoleTarget("stderr") { StdErr = true, Layout = LayoutFor(settings.LogFormat) };
        var rules = new LoggingConfiguration();
        rules.AddRule(NLog.LogLevel.FromString(settings.LogLevel), NLog.LogLevel.Fatal, target);
        logging.ClearProviders();
        logging.SetMinimumLevel(LogLevel.Trace);
        // What the hosting library says of itself is of no use to an administrator.
        logging.AddFilter("Microsoft", LogLevel.Warning);
        // a failed start is told once, in plain lines, by who started the host
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        logging.AddNLog(rules, new NLogProviderOptions { RemoveLoggerFactoryFilter = false });
    }

    private static Layout LayoutFor(LogFormat format) => format == LogFormat.Json
        ? new JsonLayout
        {
            IncludeEventProperties = true,
            Attributes =
            {
                new JsonAttribute("time", "${date:format=o:universalTime=true}"),
                new JsonAttribute("level", "${level:lowercase=true}"),
                new JsonAttribute("logger", "${logger:shortName=true}"),
                new JsonAttribute("message", "${message}"),
                new JsonAttribute("exception", "${exception:format=toString}"),
            },
        }
        : Layout.FromString("${date:format=yyyy-MM-ddTHH\\:mm\\:ss.fffZ:universalTime=true} ${level:lowercase=true:padding=-5} ${logger:shortName=true}: ${message}${onexception:inner= ${exception:format=toString}}");
}
