using System.Globalization;

namespace NfsdCtl.Configuration;

/// <summary>
/// One key of nfsdctl.conf: where it stands, how its text becomes a value and how the value is shown again. The table in
/// <see cref="SettingTable"/> is the only list of settings; files, command line and <c>nfsdctl config</c> all use it.
/// </summary>
/// <param name="Section">The section of nfs.conf(5), lower case.</param>
/// <param name="Key">The key, lower case.</param>
/// <param name="Help">One line for people.</param>
/// <param name="Apply">Gives the settings with this value, or an error text.</param>
/// <param name="Show">The value in force, as it would be written.</param>
public sealed record SettingDefinition(
    string Section,
    string Key,
    string Help,
    Func<ServerSettings, string, Parsed> Apply,
    Func<ServerSettings, string> Show)
{
    /// <summary>The key of Microsoft.Extensions.Configuration.</summary>
    public string Path => Section + ":" + Key;

    public static SettingDefinition Number(
        string section, string key, int low, int high, string help, Func<ServerSettings, int> get, Func<ServerSettings, int, ServerSettings> set) =>
        new(section, key, help, (s, text) =>
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int n) && n >= low && n <= high
                ? Parsed.Ok(set(s, n))
                : Parsed.Error($"[{section}] {key}: '{text}' is not a number from {low} to {high}"),
            s => get(s).ToString(CultureInfo.InvariantCulture));

    public static SettingDefinition Switch(
        string section, string key, string help, Func<ServerSettings, bool> get, Func<ServerSettings, bool, ServerSettings> set) =>
        new(section, key, help, (s, text) => text.ToLowerInvariant() switch
        {
            "1" or "t" or "true" or "y" or "yes" or "on" => Parsed.Ok(set(s, true)),
            "0" or "f" or "false" or "n" or "no" or "off" => Parsed.Ok(set(s, false)),
            _ => Parsed.Error($"[{section}] {key}: '{text}' is neither yes nor no"),
        }, s => get(s) ? "y" : "n");

    public static SettingDefinition Text(
        string section, string key, string help, Func<ServerSettings, string> get, Func<ServerSettings, string, ServerSettings> set) =>
        new(section, key, help, (s, text) => Parsed.Ok(set(s, text)), get);

    public static SettingDefinition AbsolutePath(
        string section, string key, string help, Func<ServerSettings, string> get, Func<ServerSettings, string, ServerSettings> set) =>
        new(section, key, help, (s, text) => text.StartsWith('/')
            ? Parsed.Ok(set(s, text))
            : Parsed.Error($"[{section}] {key}: '{text}' is not an absolute path"), get);

    public static SettingDefinition Choice<T>(
        string section, string key, string help, Func<ServerSettings, T> get, Func<ServerSettings, T, ServerSettings> set)
        where T : struct, Enum =>
        new(section, key, help, (s, text) => Enum.TryParse(text, ignoreCase: true, out T value) && Enum.IsDefined(value) && !char.IsAsciiDigit(text[0])
            ? Parsed.Ok(set(s, value))
            : Parsed.Error($"[{section}] {key}: '{text}' is not one of {string.Join(", ", Enum.GetNames<T>()).ToLowerInvariant()}"),
            s => get(s).ToString().ToLowerInvariant());
}

/// <summary>Settings with one value applied, or why it cannot be.</summary>
public readonly record struct Parsed(ServerSettings? Settings, string? Problem)
{
    public static Parsed Ok(ServerSettings settings) => new(settings, null);

    public static Parsed Error(string problem) => new(null, problem);
}
