using NfsdCtl.Configuration;

namespace NfsdCtl.Commands;

/// <summary>What the command line of <c>serve</c> and <c>config</c> said.</summary>
/// <param name="ConfigFile">The settings file that must exist, or null for the default one if it is there.</param>
/// <param name="Overrides">The settings given as options; paths of options of their own are absolute.</param>
public sealed record ServeOptions(string? ConfigFile, IReadOnlyList<SettingOverride> Overrides);
