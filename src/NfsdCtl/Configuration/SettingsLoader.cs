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
    /// <param name="overrides">Values of the command line by <see cref="SettingDefinition.Path"/>.</param>
    /// <exception cref="ConfigurationException">With every mistake of every layer.</exception>
    public static ServerSettings Load(string? file, IReadOnlyDictionary<string, string> overrides)
    {
        var problems = new List<ConfigurationProblem>();
        var entries = ReadFile(file, problems);
        var places = entries.ToDictionary(e => e.Section + ":" + e.Key, StringComparer.OrdinalIgnoreCase);
        foreach (var entry in entries)
        {
            if (SettingTable.Find(entry.Section, entry.Key) is null)
                problems.Add(new(entry.Source, entry.Line, 1, Unknown(entry)));
        }
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(entries.Select(e => KeyValuePair.Create<string, string?>(e.Section + ":" + e.Key, e.Value)))
            .AddInMemoryCollection(overrides.Select(o => KeyValuePair.Create<string, string?>(o.Key, o.Value)))
            .Build();
        var settings = new ServerSettings();
        foreach (var definition in SettingTable.All)
        {
            if (configuration[definition.Path] is not { } text)
                continue;
            var parsed = definition.Apply(settings, text);
            settings = parsed.Settings ?? settings;
            if (parsed.Problem is { } problem)
                problems.Add(Locate(definition.Path, problem, places, overrides));
        }
        return problems.Count == 0 ? settings : throw new ConfigurationException(problems);
    }

    /// <summary>The settings as a file that would give them, one line a setting.</summary>
    public static string Describe(ServerSettings settings)
    {
        var lines = SettingTable.All.GroupBy(d => d.Section).SelectMany(section =>
            section.Select(d => $"{d.Key} = {d.Show(settings)}").Prepend($"[{section.Key}]"));
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

    private static string Unknown(NfsConfEntry entry)
    {
        var sections = SettingTable.All.Select(d => d.Section).Distinct().ToList();
        return sections.Contains(entry.Section)
            ? $"[{entry.Section}] has no key '{entry.Key}'; it has {string.Join(", ", SettingTable.All.Where(d => d.Section == entry.Section).Select(d => d.Key))}"
            : $"there is no section [{entry.Section}]; there are {string.Join(", ", sections.Select(s => $"[{s}]"))}";
    }

    private static ConfigurationProblem Locate(
        string path, string problem, Dictionary<string, NfsConfEntry> places, IReadOnlyDictionary<string, string> overrides) =>
        !overrides.ContainsKey(path) && places.TryGetValue(path, out var entry)
            ? new(entry.Source, entry.Line, entry.Column, problem)
            : new("command line", 0, 0, problem);
}
