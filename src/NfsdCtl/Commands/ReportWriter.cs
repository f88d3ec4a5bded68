using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace NfsdCtl.Commands;

/// <summary>A column of a report: its heading and what it shows of a record.</summary>
public readonly record struct Column(string Title, Func<JsonObject, string> Show)
{
    /// <summary>A column that shows one key.</summary>
    public static Column Of(string title, string key) => new(title, record => Text(record[key]));

    /// <summary>A value as people read it: no quotes, lists with commas, nothing for null.</summary>
    public static string Text(JsonNode? value) => value switch
    {
        null => "",
        JsonArray list => string.Join(", ", list.Select(Text)),
        _ => value.ToString(),
    };
}

/// <summary>Writes answers: JSON when it was asked for, tables for people, and lines with tabs for whoever reads a pipe.</summary>
public sealed class ReportWriter(TextWriter output, bool json, bool forPeople)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A list of records; JSON is an array, also of none.</summary>
    public void Table(IReadOnlyList<JsonObject> records, IReadOnlyList<Column> columns)
    {
        if (json)
            Json(new JsonArray([.. records]));
        else if (forPeople)
            Draw(records, columns);
        else
            Tabs(records, columns);
    }

    /// <summary>One record, a key a line.</summary>
    public void Mapping(JsonObject record)
    {
        if (json)
            Json(record);
        else
            Table([.. record.Select(p => new JsonObject { ["key"] = p.Key, ["value"] = Column.Text(p.Value) })], [Column.Of("", "key"), Column.Of("", "value")]);
    }

    /// <summary>A text as it stands; what it says in JSON.</summary>
    public void Text(string text, Func<string, JsonNode?> parse)
    {
        if (json)
            Json(parse(text));
        else
            output.Write(text);
    }

    private void Json(JsonNode? node) => output.WriteLine(node?.ToJsonString(Indented) ?? "null");

    private void Tabs(IReadOnlyList<JsonObject> records, IReadOnlyList<Column> columns)
    {
        if (columns.Any(c => c.Title.Length > 0))
            output.WriteLine(string.Join('\t', columns.Select(c => c.Title)));
        foreach (var record in records)
            output.WriteLine(string.Join('\t', columns.Select(c => OneLine(c.Show(record)))));
    }

    private void Draw(IReadOnlyList<JsonObject> records, IReadOnlyList<Column> columns)
    {
        if (records.Count == 0)
        {
            output.WriteLine("none");
            return;
        }
        var table = new Table { Border = TableBorder.Rounded, ShowHeaders = columns.Any(c => c.Title.Length > 0) };
        foreach (var column in columns)
            table.AddColumn(new TableColumn(Markup.Escape(column.Title)));
        foreach (var record in records)
            table.AddRow([.. columns.Select(c => new Spectre.Console.Text(OneLine(c.Show(record))))]);
        AnsiConsole.Write(table);
    }

    /// <summary>A file name may hold a newline or a tab, and must not look like two records or columns.</summary>
    private static string OneLine(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\n", "\\n", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal).Replace("\e", "\\e", StringComparison.Ordinal);
}
