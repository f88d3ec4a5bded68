using System.CommandLine;
using System.CommandLine.Parsing;
using NfsdCtl.Configuration;

namespace NfsdCtl.Commands;

/// <summary>
/// The options that override settings, shared by <c>serve</c> and <c>config</c>. Those of their own stand for one key of nfsdctl.conf, whose
/// definition gives the help text; <c>--set</c> is for every key. The definition later checks the value, so that a mistake reads the same from a file
/// and from here.
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
    private readonly Option<SettingOverride[]> set = new("--set")
    {
        Description = "any key of the settings file; can be given several times",
        HelpName = "SECTION.KEY=VALUE",
        CustomParser = ParseSet,
    };

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
        command.Options.Add(set);
    }

    /// <summary>What was given.</summary>
    public ServeOptions Read(ParseResult result)
    {
        var given = new List<SettingOverride>();
        foreach (var (option, path, isPath) in overrides)
        {
            if (result.GetValue(option) is { } text)
                given.Add(new(option.Name, path, isPath && text.Length > 0 ? Path.GetFullPath(text) : text));
        }
        given.AddRange(result.GetValue(set) ?? []);
        return new ServeOptions(result.GetValue(config) is { Length: > 0 } file ? Path.GetFullPath(file) : null, given);
    }

    /// <summary>A key may hold a dot (vers4.0), a section does not.</summary>
    private static SettingOverride[] ParseSet(ArgumentResult given)
    {
        var found = new List<SettingOverride>();
        foreach (string text in given.Tokens.Select(t => t.Value))
        {
            int dot = text.IndexOf('.', StringComparison.Ordinal);
            int equals = text.IndexOf('=', StringComparison.Ordinal);
            if (dot > 0 && equals > dot + 1)
                found.Add(new($"--set {text[..equals]}", $"{text[..dot]}:{text[(dot + 1)..equals]}".ToLowerInvariant(), text[(equals + 1)..]));
            else
                given.AddError($"--set: '{text}' is not SECTION.KEY=VALUE");
        }
        return [.. found];
    }

    private static string Help(string section, string key) =>
        SettingTable.Find(section, key)?.Help
        ?? throw new InvalidOperationException($"no setting [{section}] {key}");
}
