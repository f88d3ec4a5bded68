namespace NfsdCtl.Commands;

/// <summary>What the command line of <c>serve</c> and <c>config</c> said.</summary>
/// <param name="ConfigFile">The settings file that must exist, or null for the default one if it is there.</param>
/// <param name="Overrides">
/// The settings given as options, by <see cref="Configuration.SettingDefinition.Path"/>; values are not checked yet, paths are absolute.
/// </param>
public sealed record ServeOptions(string? ConfigFile, IReadOnlyDictionary<string, string> Overrides);
