using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using NfsdCtl.Control;

namespace NfsdCtl.AdminFs.Text;

/// <summary>
/// Reports as a YAML list with one record per line, each a flow mapping in JSON's spelling: <c>- {"key":"value",…}</c>. It is read by YAML readers, by grep, and by
/// JSON readers once the dash is cut off.
/// </summary>
public static class Records
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>One line per item; empty for none.</summary>
    public static string Lines<T>(IReadOnlyList<T> items, Action<Utf8JsonWriter, T> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer, Options);
        foreach (var item in items)
        {
            buffer.Write("- "u8);
            json.WriteStartObject();
            write(json, item);
            json.WriteEndObject();
            json.Flush();
            json.Reset();
            buffer.Write("\n"u8);
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>A YAML mapping with one key per line, for reports that are one record.</summary>
    public static string Mapping(IEnumerable<(string Key, object? Value)> entries)
    {
        var text = new StringBuilder();
        foreach (var (key, value) in entries)
            text.Append(key).Append(": ").Append(Scalar(value)).Append('\n');
        return text.ToString();
    }

    public static void WriteAddress(this Utf8JsonWriter json, string key, NetAddress address) =>
        json.WriteString(key, address.IsWildcard ? "any" : address.ToString());

    public static void WriteFileSystem(this Utf8JsonWriter json, string key, FsId fileSystem) =>
        json.WriteString(key, fileSystem.IsAny ? "any" : fileSystem.ToString());

    public static void WriteSeconds(this Utf8JsonWriter json, string key, TimeSpan time) =>
        json.WriteNumber(key, (long)time.TotalSeconds);

    public static void WriteStrings(this Utf8JsonWriter json, string key, IEnumerable<string> items)
    {
        json.WriteStartArray(key);
        foreach (string item in items)
            json.WriteStringValue(item);
        json.WriteEndArray();
    }

    /// <summary>The keys of a lock, the same in <c>locks</c> and <c>waiters</c>.</summary>
    public static void WriteLock(this Utf8JsonWriter json, LockReport held)
    {
        json.WriteString("path", held.Path);
        json.WriteString("file", held.File.ToString());
        json.WriteNumber("first", held.Start);
        if (held.End is { } end)
            json.WriteNumber("last", end);
        else
            json.WriteString("last", "eof");
        json.WriteString("kind", held.Exclusive ? "write" : "read");
        json.WriteString("owner", held.Owner);
        json.WriteString("client", held.Client);
        json.WriteString("protocol", held.Protocol);
        json.WriteAddress("server", held.Server);
        json.WriteSeconds("age", held.Age);
        json.WriteNumber("waiters", held.Waiters);
    }

    private static string Scalar(object? value) => value switch
    {
        null => "null",
        bool b => b ? "true" : "false",
        string s => Quote(s),
        IEnumerable<string> list => "[" + string.Join(", ", list.Select(Quote)) + "]",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => throw new ArgumentException($"no scalar: {value.GetType()}", nameof(value)),
    };

    private static string Quote(string text) => '"' + JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(text) + '"';
}
