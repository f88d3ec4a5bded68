namespace NfsdCtl.Configuration;

/// <summary>A value read from a file in the syntax of nfs.conf(5), with the place of its value.</summary>
public sealed record NfsConfEntry(string Section, string Key, string Value, string Source, int Line, int Column);

/// <summary>
/// Reads the syntax of nfs.conf(5): <c>[section]</c>, <c>key = value</c>, comments that begin with # or ;, double quotes
/// around a value, a backslash at the end of a line to continue it. Sections and keys are case-insensitive.
/// </summary>
/// <remarks>
/// The INI provider of Microsoft.Extensions.Configuration names neither line nor column and drops repeated keys, both of which
/// an administrator needs to be told; so the text is cut here and the rest of the configuration stack is the library's.
/// </remarks>
public static class NfsConfParser
{
    /// <summary>The longest line that is read, in characters, continuation included.</summary>
    public const int MaxLine = 8192;

    /// <summary>Parses <paramref name="text"/>; every mistake is added to <paramref name="problems"/> and parsing goes on.</summary>
    public static IReadOnlyList<NfsConfEntry> Parse(string source, string text, List<ConfigurationProblem> problems)
    {
        var entries = new List<NfsConfEntry>();
        string? section = null;
        string[] lines = text.ReplaceLineEndings("\n").Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            int number = i + 1;
            string line = lines[i];
            while (line.EndsWith('\\') && i + 1 < lines.Length && line.Length <= MaxLine)
                line = string.Concat(line.AsSpan(0, line.Length - 1), lines[++i]);
            int start = line.AsSpan().IndexOfAnyExcept(' ', '\t');
            if (start < 0 || line[start] is '#' or ';')
                continue;
            if (line.Length > MaxLine)
                problems.Add(new(source, number, MaxLine + 1, $"the line is longer than {MaxLine} characters"));
            else if (line[start] == '[')
                section = ParseSection(line, start, new Place(source, number), problems) ?? section;
            else if (ParseEntry(line, start, section, new Place(source, number), problems) is { } entry)
                AddOnce(entries, entry, problems);
        }
        return entries;
    }

    private static string? ParseSection(string line, int start, Place place, List<ConfigurationProblem> problems)
    {
        int end = line.IndexOf(']', start);
        if (end < 0)
        {
            problems.Add(place.At(line.Length, "a section header lacks its closing ']'"));
            return null;
        }
        string rest = line[(end + 1)..].TrimStart();
        if (rest.Length > 0 && rest[0] is not ('#' or ';'))
        {
            problems.Add(place.At(end + 1, "nothing but a comment may follow a section header"));
            return null;
        }
        string name = line[(start + 1)..end].Trim();
        if (name.Length == 0)
            problems.Add(place.At(start, "the section has no name"));
        return name.Length == 0 ? null : name.ToLowerInvariant();
    }

    private static NfsConfEntry? ParseEntry(string line, int start, string? section, Place place, List<ConfigurationProblem> problems)
    {
        int equals = line.IndexOf('=', start);
        string key = equals < 0 ? "" : line[start..equals].TrimEnd();
        if (equals < 0 || key.Length == 0)
        {
            problems.Add(place.At(start, "expected 'key = value' or '[section]'"));
            return null;
        }
        if (section is null)
        {
            problems.Add(place.At(start, $"'{key}' stands before the first [section]"));
            return null;
        }
        int column = equals + 1;
        while (column < line.Length && line[column] is ' ' or '\t')
            column++;
        return Unquote(line, column, place, problems) is { } value
            ? new NfsConfEntry(section, key.ToLowerInvariant(), value, place.Source, place.Line, column + 1)
            : null;
    }

    /// <summary>The value at <paramref name="column"/>, without quotes and without a trailing comment that a blank precedes.</summary>
    private static string? Unquote(string line, int column, Place place, List<ConfigurationProblem> problems)
    {
        if (column < line.Length && line[column] == '"')
        {
            int close = line.IndexOf('"', column + 1);
            if (close < 0)
            {
                problems.Add(place.At(column, "the quoted value is not closed"));
                return null;
            }
            string rest = line[(close + 1)..].TrimStart();
            if (rest.Length > 0 && rest[0] is not ('#' or ';'))
            {
                problems.Add(place.At(close + 1, "nothing but a comment may follow a quoted value"));
                return null;
            }
            return line[(column + 1)..close];
        }
        var value = line.AsSpan(column);
        for (int i = 1; i < value.Length; i++)
        {
            if (value[i] is '#' or ';' && value[i - 1] is ' ' or '\t')
            {
                value = value[..i];
                break;
            }
        }
        return value.Trim().ToString();
    }

    private static void AddOnce(List<NfsConfEntry> entries, NfsConfEntry entry, List<ConfigurationProblem> problems)
    {
        if (entries.Find(e => e.Section == entry.Section && e.Key == entry.Key) is { } first)
            problems.Add(new(entry.Source, entry.Line, 1, $"[{entry.Section}] {entry.Key} was set before, in line {first.Line}"));
        else
            entries.Add(entry);
    }

    private readonly record struct Place(string Source, int Line)
    {
        /// <param name="index">The place in the line, counted from 0.</param>
        public ConfigurationProblem At(int index, string message) => new(Source, Line, index + 1, message);
    }
}
