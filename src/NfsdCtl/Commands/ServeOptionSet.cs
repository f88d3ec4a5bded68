using System.CommandLine;

namespace NfsdCtl.Commands;

/// <summary>
/// The options that override settings, shared by <c>serve</c> and <c>config</c>. Each stands for one key of nfsdctl.conf, whose
/// definition gives its help text and later checks its value, so that a mistake reads the same from a file and from here.
/// </summary>
public sealed class ServeOptionSet
{
    private static readonly (string Name, string Section, string Key, string Value)[] Table =
    [
        ("--exports", "nfsdctl", "exports", "FILE"),
        ("--host", "nfsd", "host", "ADDR[,ADDR]"),
        ("--port", "nfsd", "port", "N"),
        ("--mountd-port", "mountd", "port", "N"),
        ("--lockd-port", "lockd", "port", "N"),
        ("--statd-port", "statd", "port", "N"),
        ("--admin-mount", "nfsdctl", "admin-mount", "DIR"),
        ("--state-dir", "nfsdctl", "state-dir", "DIR"),
        ("--grace", "nfsd", "grace-time", "SECONDS"),
        ("--lease", "nfsd", "lease-time", "SECONDS"),
        ("--rpcbind", "nfsdctl", "rpcbind", "auto|system|builtin|off"),
    ];

    private readonly Option<string?> config = new("--config") { Description = "the settings file; default /etc/nfsdctl.conf if it exists", HelpName = "FILE" };
    private readonly (Option<string?> Option, string Path, bool IsPath)[] overrides;

    public ServeOptionSet()
    {
        overrides = [.. Table.Select(row => (
            new Option<string?>(row.Name) { Description = Help(row.Section, row.Key), HelpName = row.Value },
            row.Section + ":" + row.Key,
            row.Value is "FILE" or "DIR"))];
    }

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(config);
        foreach (var (option, _, _) in overrides)
            command.Options.Add(option);
    }

    /// <summary>What was given.</summary>
    public ServeOptions Read(ParseResult result)
    {
        var given = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (option, path, isPath) in overrides)
        {
            if (result.GetValue(option) is { } text)
                given[path] = isPath && text.Length > 0 ? Path.GetFullPath(text) : text;
        }
        return new ServeOptions(result.GetValue(config) is { Length: > 0 } file ? Path.GetFullPath(file) : null, given);
    }

    private static string Help(string section, string key) =>
        Configuration.SettingTable.Find(section, key)?.Help
        ?? throw new InvalidOperationException($"no setting [{section}] {key}");
}
