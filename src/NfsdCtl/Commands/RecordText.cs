using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NfsdCtl.AdminFs.Text;

namespace NfsdCtl.Commands;

/// <summary>Reads the texts of admin files back into records.</summary>
public static partial class RecordText
{
    /// <summary>A list with one record per line: <c>- {"key":"value",…}</c>.</summary>
    public static IReadOnlyList<JsonObject> ParseList(string text) =>
        [.. Lines(text).Select(line => JsonNode.Parse(line.AsSpan(line.StartsWith("- ", StringComparison.Ordinal) ? 2 : 0).ToString())!.AsObject())];

    /// <summary>A mapping with one key per line; a value that is no JSON is taken as text.</summary>
    public static JsonObject ParseMapping(string text)
    {
        var record = new JsonObject();
        foreach (string line in Lines(text))
            AddField(record, line);
        return record;
    }

    /// <summary>Answers of commands: words of the form key=value after a verb, one record a line.</summary>
    public static IReadOnlyList<JsonObject> ParseAnswer(string text) => [.. Lines(text).Select(line =>
    {
        var record = new JsonObject();
        foreach (string word in line.Split(' '))
        {
            int equals = word.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
                record[word[..equals]] = ParseValue(word[(equals + 1)..]);
            else
                record["result"] = record["result"] is { } earlier ? $"{earlier} {word}" : word;
        }
        return record;
    })];

    /// <summary>The kernel's exports text: PATH, a tab, CLIENT(OPTIONS).</summary>
    public static IReadOnlyList<JsonObject> ParseExports(string text) => [.. Lines(text).Where(l => l[0] != '#').Select(line =>
    {
        int tab = line.IndexOf('\t', StringComparison.Ordinal);
        int open = line.LastIndexOf('(');
        return new JsonObject
        {
            ["path"] = Decode(line[..tab]),
            ["client"] = Decode(line[(tab + 1)..open]),
            ["options"] = line[(open + 1)..].TrimEnd(')'),
        };
    })];

    /// <summary>One record a line: words with blanks between them, of which the last goes to the end of the line. Comments are left out.</summary>
    public static IReadOnlyList<JsonObject> ParseColumns(string text, params IReadOnlyList<string> keys) => [.. Lines(text).Where(l => l[0] != '#').Select(line =>
        new JsonObject(keys.Zip(line.Split(' ', keys.Count, StringSplitOptions.RemoveEmptyEntries), (key, word) => KeyValuePair.Create(key, ParseValue(word)))))];

    /// <summary>The kernel's export_stats: a line PATH, CLIENT, START with tabs between them, then a key a line behind a tab.</summary>
    public static IReadOnlyList<JsonObject> ParseExportStats(string text)
    {
        var records = new List<JsonObject>();
        foreach (string line in Lines(text).Where(l => l[0] != '#'))
        {
            string[] words = line.Split('\t');
            if (words is [{ Length: > 0 } path, var client, var start])
                records.Add(new JsonObject { ["path"] = Decode(path), ["client"] = Decode(client), ["start"] = ParseValue(start) });
            else if (records.Count > 0)
                AddField(records[^1], line.Trim());
        }
        return records;
    }

    /// <summary>The kernel's states of a client: <c>- STATEID: { key: value, … flag … }</c>.</summary>
    public static IReadOnlyList<JsonObject> ParseStates(string text) => [.. Lines(text).Select(line =>
    {
        int colon = line.IndexOf(": {", StringComparison.Ordinal);
        var record = new JsonObject { ["stateid"] = line[2..colon] };
        foreach (Match field in StateField().Matches(line[(colon + 3)..]))
            record[field.Groups["key"].Value] = field.Groups["value"] is { Success: true } value ? ParseValue(value.Value) : true;
        return record;
    })];

    /// <summary>Words with blanks between them; what is nothing but digits is a number.</summary>
    public static JsonNode ParseWords(string text) => new JsonArray([.. text.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Select(word =>
        word.All(char.IsAsciiDigit) && long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? (JsonNode)number : word)]);

    /// <summary>A value that is JSON or, in the kernel's quotes, nearly; other text is taken as it is.</summary>
    public static JsonNode? ParseValue(string text)
    {
        text = text.Trim();
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return text is ['"', .., '"'] ? FromHex(text[1..^1]) : text;
        }
    }

    private static void AddField(JsonObject record, string line)
    {
        int colon = line.IndexOf(": ", StringComparison.Ordinal);
        if (colon > 0)
            record[line[..colon]] = ParseValue(line[(colon + 2)..]);
    }

    /// <summary>The kernel quotes bytes as \xNN, which JSON does not know.</summary>
    private static string FromHex(string text) => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(
        HexByte().Replace(text, m => ((char)byte.Parse(m.ValueSpan[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)).ToString())));

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static string Decode(string word) => Qword.Decode(Encoding.UTF8.GetBytes(word)) ?? word;

    // Quotes inside of quotes are escaped, so that the next one ends the value.
    [GeneratedRegex("""(?<key>[a-z][a-z -]*[a-z])(?:: (?<value>"[^"]*"|[^,}]+))?""")]
    private static partial Regex StateField();

    [GeneratedRegex(@"\\x[0-9a-f]{2}")]
    private static partial Regex HexByte();
}
