using System.Text.Json;
using System.Text.Json.Nodes;

namespace NfsdCtl.Commands;

/// <summary>Reads the texts of admin files back into records.</summary>
public static class RecordText
{
    /// <summary>A list with one record per line: <c>- {"key":"value",…}</c>.</summary>
    public static IReadOnlyList<JsonObject> ParseList(string text) =>
        [.. Lines(text).Select(line => JsonNode.Parse(line.AsSpan(line.StartsWith("- ", StringComparison.Ordinal) ? 2 : 0).ToString())!.AsObject())];

    /// <summary>A mapping with one key per line; a value that is no JSON is taken as text.</summary>
    public static JsonObject ParseMapping(string text)
    {
        var record = new JsonObject();
        foreach (string line in Lines(text))
        {
            int colon = line.IndexOf(": ", StringComparison.Ordinal);
            if (colon > 0)
                record[line[..colon]] = ParseValue(line[(colon + 2)..].Trim());
        }
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

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static string Decode(string word) => AdminFs.Text.Qword.Decode(System.Text.Encoding.UTF8.GetBytes(word)) ?? word;

    private static JsonNode? ParseValue(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return JsonValue.Create(text);
        }
    }
}
