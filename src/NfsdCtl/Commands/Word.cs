using System.CommandLine;
using NfsdCtl.AdminFs.Text;

namespace NfsdCtl.Commands;

/// <summary>An argument of a command, and how it is spelled in the file that it is written to.</summary>
public sealed record Word(string Name, string Help, Func<string, string> Spell)
{
    /// <summary>How often it is given.</summary>
    public ArgumentArity Arity { get; init; } = ArgumentArity.ExactlyOne;

    /// <summary>What is written when it was left out; null: nothing.</summary>
    public string? Default { get; init; }

    /// <summary>A word that is written as it is, with what the grammar wants escaped.</summary>
    public static Word Plain(string name, string help) => new(name, help, Qword.Encode);

    /// <summary>A path; relative ones start where the command was typed.</summary>
    public static Word OfPath(string help) => new("PATH", help, text => Qword.Encode(Path.GetFullPath(text)));

    /// <summary>Text that has its own grammar.</summary>
    public static Word Raw(string name, string help) => new(name, help, text => text);

    /// <summary>The same, and it may be left out.</summary>
    public Word Optional() => this with { Arity = ArgumentArity.ZeroOrOne };

    /// <summary>The same, and it may be left out or given several times.</summary>
    public Word Repeated() => this with { Arity = ArgumentArity.ZeroOrMore };

    /// <summary>The argument of one command.</summary>
    public Argument<string[]> Create()
    {
        var argument = new Argument<string[]>(Name) { Description = Help, Arity = Arity, CustomParser = given => [.. given.Tokens.Select(t => t.Value)] };
        if (Default is { } text)
            argument.DefaultValueFactory = _ => [text];
        return argument;
    }
}
