using System.Text.Json;
using NUnit.Framework;

namespace NfsdCtl.TestKit;

/// <summary>Runs the project's scripts with the programs that this test run was built with.</summary>
public static class Script
{
    private static readonly Dictionary<string, string> Programs = new()
    {
        ["NFSDCTL"] = Path.Combine(AppContext.BaseDirectory, "nfsdctl"),
        ["NFSDCTL_TRIALS"] = Path.Combine(AppContext.BaseDirectory, "NfsdCtl.Trials"),
    };

    public static ShellResult Run(int seconds, string script, params string[] arguments) => Run(seconds, [], script, arguments);

    /// <param name="environment">What it sees besides the programs and our own environment.</param>
    public static ShellResult Run(int seconds, Dictionary<string, string> environment, string script, params string[] arguments) =>
        Shell.Run(TimeSpan.FromSeconds(seconds), Programs.Concat(environment).ToDictionary(), Path.Combine(Shell.Root, "scripts", script), arguments);

    /// <summary>Runs a script that prints a verdict with --json, and asserts each of its findings.</summary>
    /// <returns>The values found, by what they say.</returns>
    public static Dictionary<string, string> Judge(int seconds, string script, params string[] arguments) => Judge(seconds, [], script, arguments);

    /// <inheritdoc cref="Judge(int, string, string[])"/>
    public static Dictionary<string, string> Judge(int seconds, Dictionary<string, string> environment, string script, params string[] arguments)
    {
        var result = Run(seconds, environment, script, [.. arguments, "--json"]);
        var line = result.Output.Split('\n').LastOrDefault(l => l.StartsWith('{'));
        Assert.That(line, Is.Not.Null, result.ToString());
        using var verdict = JsonDocument.Parse(line!);
        TestContext.Out.WriteLine(line);
        var findings = verdict.RootElement.GetProperty("findings").EnumerateArray().ToList();
        var failed = findings.Where(f => f.GetProperty("good").ValueKind == JsonValueKind.False).Select(f => f.ToString());
        Assert.Multiple(() =>
        {
            Assert.That(failed, Is.Empty, result.ToString());
            Assert.That(result.Status, Is.Zero, result.Errors);
        });
        return findings.ToDictionary(f => f.GetProperty("what").GetString()!, f => f.GetProperty("value").GetString()!);
    }
}
