using System.Text.Json;
using Spectre.Console;

namespace NfsdCtl.Trials;

/// <summary>One line of a verdict; <see cref="Good"/> is null where the figure is for information only.</summary>
public sealed record Finding(string What, string Value, string Wanted, bool? Good);

/// <summary>What a trial found, figure by figure, and the faults that explain a bad one.</summary>
public sealed class Verdict
{
    private readonly List<Finding> findings = [];
    private readonly List<string> faults = [];

    public bool Passed => findings.TrueForAll(f => f.Good != false);

    public void Tell(string what, object value) => findings.Add(new Finding(what, $"{value}", "", null));

    public void Check(string what, object value, string wanted, bool good) => findings.Add(new Finding(what, $"{value}", wanted, good));

    public void Fault(string line) => faults.Add(line);

    /// <summary>Prints the table, or JSON, to standard output.</summary>
    /// <returns>The exit status: 0 passed, 1 failed.</returns>
    public int Print(bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new { passed = Passed, findings, faults }, JsonSerializerOptions.Web));
            return Passed ? 0 : 1;
        }

        // people see colours on a terminal; a pipe gets the same table without
        var table = new Table().AddColumns("", "found", "wanted", "");
        foreach (var f in findings)
            table.AddRow(Markup.Escape(f.What), Markup.Escape(f.Value), Markup.Escape(f.Wanted), f.Good switch { null => "", true => "[green]ok[/]", false => "[red]FAILED[/]" });
        AnsiConsole.Write(table);
        foreach (var fault in faults.Take(20))
            Console.WriteLine($"  {fault}");
        Console.WriteLine(Passed ? "verdict: passed" : "verdict: FAILED");
        return Passed ? 0 : 1;
    }
}
