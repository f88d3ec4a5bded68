using System.CommandLine;
using NfsdCtl.AdminFs.Text;

namespace NfsdCtl.Commands;

/// <summary>Makes commands that write one line to an admin file and show its answer.</summary>
public static class OrderCommand
{
    /// <param name="words">The arguments in the order of the file's grammar.</param>
    public static Command Create(string name, string file, string help, params IReadOnlyList<Word> words)
    {
        var command = new Command(name, help);
        foreach (var word in words)
            command.Arguments.Add(word.Argument);
        var dryRun = new Option<bool>("--dry-run") { Description = "change nothing and answer what would be" };
        command.Options.Add(dryRun);
        new AdminOptions().Complete(command, (client, result, writer) =>
        {
            var given = words.Select(w => w.Read(result)).OfType<string>();
            writer.Answer(client.Command(file, (result.GetValue(dryRun) ? "--dry-run " : "") + string.Join(' ', given) + "\n"));
        });
        return command;
    }
}

/// <summary>One word of a command: an argument and how it is spelled in the file.</summary>
public sealed record Word(Argument<string?> Argument, Func<string, string> Spell)
{
    /// <summary>A word that is written as it is, with what the grammar wants escaped.</summary>
    public static Word Plain(string name, string help, bool optional = false) => new(Make(name, help, optional), Qword.Encode);

    /// <summary>A path; relative ones start where the command was typed.</summary>
    public static Word OfPath(string help, bool optional = false) => new(Make("PATH", help, optional), text => Qword.Encode(Path.GetFullPath(text)));

    /// <summary>Text that has its own grammar.</summary>
    public static Word Raw(string name, string help) => new(Make(name, help, optional: false), text => text);

    /// <summary>Null when it was left out.</summary>
    public string? Read(ParseResult result) => result.GetValue(Argument) is { } text ? Spell(text) : null;

    private static Argument<string?> Make(string name, string help, bool optional) =>
        new(name) { Description = help, Arity = optional ? ArgumentArity.ZeroOrOne : ArgumentArity.ExactlyOne };
}
