namespace NfsdCtl.Configuration;

/// <summary>A setting that was given on the command line; its value is not checked yet.</summary>
/// <param name="Option">How it was given, for messages: <c>--port</c>, <c>--set nfsd.port</c>.</param>
/// <param name="Path">As <see cref="SettingDefinition.Path"/>.</param>
public sealed record SettingOverride(string Option, string Path, string Value);
