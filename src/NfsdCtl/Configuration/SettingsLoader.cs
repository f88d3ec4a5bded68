using Microsoft.Extensions.Configuration;

namespace NfsdCtl.Configuration;

/// <summary>
/// Puts the settings together: defaults, then the file, then the command line. The layers are those of
/// Microsoft.Extensions.Configuration, so that a host may add its own; each value keeps the place that it came from for messages.
/// </summary>
public static class SettingsLoader
{
    /// <summary>The file that is read when none is named; it may be missing.</summary>
    public const string DefaultFile = "/etc/nfsdctl.conf";

    /// <param name="file">A file that must exist, or null for <see cref="DefaultFile"/> if it exists.</param>
    /// <param name="overrides">What the command line said; a key that is given twice is a mistake, as in a file.</param>
    /// <exception cref="ConfigurationException">With every mistake of every layer.</exception>
    public static ServerSettings Load(string? file, IReadOnlyList<SettingOverride> overrides)
    {
        var problems = new List<ConfigurationProblem>();
        var entries = ReadFile(file, problems);
        var places = entries.ToDictionary(e => e.Section + ":" + e.Key, StringComparer.OrdinalIgnoreCase);
        foreach (var entry in entries)
        {
            if (SettingTable.Find(entry.Section, entry.Key) is null)
                problems.Add(new(entry.Source, entry.Line, 1, Unknown(entry.Section, entry.Key)));
        }
        var given = Given(overrides, problems);
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(entries.Select(e => KeyValuePair.Create<string, string?>(e.Section + ":" + e.Key, e.Value)))
            .AddInMemoryCollection(given.Values.Select(o => KeyValuePair.Create<string, string?>(o.Path, o.Value)))
            .Build();
        var settings = new ServerSettings();
        foreach (var definition in SettingTable.All)
        {
            if (configuration[definition.Path] is not { } text)
                continue;
            var parsed = definition.Apply(settings, text);
            settings = parsed.Settings ?? settings;
            if (parsed.Problem is { } problem)
                problems.Add(Locate(definition.Path, problem, places, given));
        }
        return problems.Count == 0 ? settings : throw new ConfigurationException(problems);
    }

    /// <summary>The settings as a file that would give them, one line a setting.</summary>
    public static string Describe(ServerSettings settings) => Describe(SettingTable.All.Select(d => (d.Section, d.Key, d.Show(settings))));

    /// <summary>The same of values that were shown already.</summary>
    public static string Describe(IEnumerable<(string Section, string Key, string Value)> settings)
    {
        var lines = settings.GroupBy(s => s.Section).SelectMany(section => section.Select(s => $"{s.Key} = {s.Value}").Prepend($"[{section.Key}]"));
        return string.Join('\n', lines) + "\n";
    }

    private static IReadOnlyList<NfsConfEntry> ReadFile(string? file, List<ConfigurationProblem> problems)
    {
        string path = file ?? DefaultFile;
        if (file is null && !File.Exists(path))
            return [];
        try
        {
            return NfsConfParser.Parse(path, File.ReadAllText(path), problems);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Add(new(path, 0, 0, e.Message));
            return [];
        }
    }

    private static Dictionary<string, SettingOverride> Given(IReadOnlyList<SettingOverride> overrides, List<ConfigurationProblem> problems)
    {
        var given = new Dictionary<string, SettingOverride>(StringComparer.OrdinalIgnoreCase);
        foreach (var item in overrides)
        {
            string[] names = item.Path.Split(':', 2);
            if (SettingTable.Find(names[0], names[1]) is null)
                problems.Add(new(item.Option, 0, 0, Unknown(names[0], names[1])));
            else if (!given.TryAdd(item.Path, item))
                problems.Add(new(item.Option, 0, 0, $"[{names[0]}] {names[1]} was set before, by {given[item.Path].Option}"));
        }
        return given;
    }

    private static string Unknown(string name, string key)
    {
        var sections = SettingTable.All.Select(d => d.Section).Distinct().ToList();
        return sections.Contains(name)
            ? $"[{name}] has no key '{key}'; it has {string.Join(", ", SettingTable.All.Where(d => d.Section == name).Select(d => d.Key))}"
            : $"there is no section [{name}]; there are {string.Join(", ", sections.Select(s => $"[{s}]"))}";
    }

    private static ConfigurationProblem Locate(
        string path, string problem, Dictionary<string, NfsConfEntry> places, Dictionary<string, SettingOverride> given) =>
        given.TryGetValue(path, out var item)
            ? new(item.Option, 0, 0, problem)
            : new(places[path].Source, places[path].Line, places[path].Column, problem);
}
