using System.Text.Json.Nodes;

namespace NfsdCtl.Commands;

/// <summary>How the text of an admin file is shown: to people, in a pipe, in JSON.</summary>
public delegate void Shape(ReportWriter writer, string text);

/// <summary>The shapes that there are.</summary>
public static class Shapes
{
    /// <summary>What a command answered: <c>released address=… locks=…</c>.</summary>
    public static Shape Answer { get; } = Text(text => new JsonArray([.. RecordText.ParseAnswer(text)]));

    /// <summary>One value.</summary>
    public static Shape Value { get; } = Text(RecordText.ParseValue);

    /// <summary>Words with blanks between them.</summary>
    public static Shape Words { get; } = Text(RecordText.ParseWords);

    /// <summary>One record of the kernel's, a key a line.</summary>
    public static Shape Fields { get; } = Text(RecordText.ParseMapping);

    /// <summary>One record of ours, a key a line.</summary>
    public static Shape Mapping { get; } = (writer, text) => writer.Mapping(RecordText.ParseMapping(text));

    /// <summary>Records of ours, shown in columns.</summary>
    public static Shape Table(Func<string, IReadOnlyList<JsonObject>> parse, params IReadOnlyList<Column> columns) =>
        (writer, text) => writer.Table(parse(text), columns);

    /// <summary>The text as it stands, which other programs know; records in JSON only.</summary>
    public static Shape Records(Func<string, IReadOnlyList<JsonObject>> parse) => Text(text => new JsonArray([.. parse(text)]));

    private static Shape Text(Func<string, JsonNode?> parse) => (writer, text) => writer.Text(text, parse);
}
