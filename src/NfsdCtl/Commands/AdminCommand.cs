using System.CommandLine;

namespace NfsdCtl.Commands;

/// <summary>
/// An admin file as a command. Its words are written as one line, and the answer is shown; a command that was given none reads the file instead.
/// </summary>
/// <param name="File">The file's name; the command's is the same with dashes.</param>
/// <param name="Shape">How the file's text, or its answer, is shown.</param>
/// <param name="Words">In the order of the file's grammar; none for a report.</param>
public sealed record AdminCommand(string File, string Help, Shape Shape, params IReadOnlyList<Word> Words)
{
    /// <summary>The name on the command line.</summary>
    public string Name { get; init; } = File.Replace('_', '-');

    public Command Create()
    {
        var command = new Command(Name, Help);
        var dryRun = new Option<bool>("--dry-run") { Description = "change nothing and answer what would be" };
        var words = Words.Select(w => (Argument: w.Create(), w.Spell)).ToList();
        foreach (var (argument, _) in words)
            command.Arguments.Add(argument);
        if (words.Count > 0)
            command.Options.Add(dryRun);
        new AdminOptions().Complete(command, (client, result, writer) =>
        {
            var given = words.SelectMany(w => (result.GetValue(w.Argument) ?? []).Select(w.Spell)).ToList();
            if (words.Count > 0 && result.GetValue(dryRun))
                given.Insert(0, "--dry-run");
            Shape(writer, given.Count == 0 ? client.Read(File) : client.Command(File, string.Join(' ', given) + "\n"));
        });
        return command;
    }
}
