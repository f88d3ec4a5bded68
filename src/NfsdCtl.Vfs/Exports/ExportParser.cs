using System.Text;

namespace NfsdCtl.Vfs.Exports;

/// <summary>What a text of exports(5) says: its exports, and everything that is wrong with it.</summary>
public sealed record ExportParseResult(IReadOnlyList<Export> Exports, IReadOnlyList<ExportError> Errors);

/// <summary>
/// Reads the text of exports(5): one directory a line, then its clients with their options in parentheses; <c>-options</c>
/// before a client are defaults for the rest of the line; <c>#</c> starts a comment, a backslash at the end continues a line,
/// names are quoted by <c>"…"</c> or <c>\ooo</c>. Every mistake is reported at file:line:column with its remedy, and an
/// option that is not known is a mistake.
/// </summary>
public sealed class ExportParser
{
    private const char EscapedByte = '\uDC00';

    private readonly string file;
    private readonly string text;
    private readonly List<Export> exports = [];
    private readonly List<ExportError> errors = [];
    private int position;
    private int line = 1;
    private int column = 1;

    private ExportParser(string file, string text)
    {
        this.file = file;
        this.text = text;
    }

    /// <param name="file">The name for messages.</param>
    /// <param name="text">Its content.</param>
    public static ExportParseResult Parse(string file, string text)
    {
        var parser = new ExportParser(file, text);
        parser.ReadAll();
        return new ExportParseResult(parser.exports, parser.errors);
    }

    /// <summary>/etc/exports (or what stands for it) and then every *.exports of a directory, in the order of their names.</summary>
    /// <param name="mainFile">Missing: an error when <paramref name="directory"/> is missing too or null.</param>
    public static ExportParseResult ParseFiles(string mainFile, string? directory)
    {
        var all = new List<Export>();
        var errors = new List<ExportError>();
        string[] more = directory is not null && Directory.Exists(directory) ? Directory.GetFiles(directory, "*.exports") : [];
        Array.Sort(more, StringComparer.Ordinal);
        foreach (string name in more.Prepend(mainFile))
        {
            if (name == mainFile && more.Length > 0 && !File.Exists(name))
                continue;
            try
            {
                var result = Parse(name, File.ReadAllText(name, Encoding.UTF8));
                all.AddRange(result.Exports);
                errors.AddRange(result.Errors);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                errors.Add(new ExportError(name, "cannot be read: " + e.Message));
            }
        }
        ReportDuplicates(all, errors);
        return new ExportParseResult(all, errors);
    }

    private void ReadAll()
    {
        while (position < text.Length)
        {
            SkipBlanks();
            if (AtLineEnd)
                SkipLine();
            else
                ReadLine();
        }
        ReportDuplicates(exports, errors);
    }

    private static void ReportDuplicates(List<Export> exports, List<ExportError> errors)
    {
        foreach (var again in exports.GroupBy(e => (e.Path, e.Client.Text)).SelectMany(g => g.Skip(1)))
            if (!errors.Any(e => e.Origin == again.Origin))
                errors.Add(new ExportError(again.Origin, $"{again.Path} is exported to {again.Client} twice: keep one of the two"));
    }

    private void ReadLine()
    {
        string at = Place();
        if (ReadWord(isPath: true) is not { } path || !CheckPath(at, path))
        {
            SkipLine();
            return;
        }
        path = path.TrimEnd('/');
        if (path.Length == 0)
            path = "/";
        var defaults = new ExportOptionSet();
        int clients = 0;
        SkipBlanks();
        bool isPathAlone = AtLineEnd;
        for (; !AtLineEnd; SkipBlanks(), clients++)
        {
            string origin = Place();
            if (Peek() == '-')
            {
                Take();
                ReadOptions(defaults, closing: false);
                clients--;
            }
            else if (ReadClient(defaults) is { } entry)
            {
                exports.Add(new Export(path, entry.Client, entry.Options) { Origin = origin });
            }
        }
        if (clients == 0)
            exports.Add(new Export(path, ClientSpec.Anyone, defaults.ToOptions()) { Origin = at, IsPathAlone = isPathAlone });
        SkipLine();
    }

    private bool CheckPath(string at, string path)
    {
        string? wrong =
            path.Length == 0 || path[0] != '/' ? "is not an absolute path: begin it with /" :
            path.Split('/').Any(p => p is "." or "..") ? "has . or .. in it: write the plain path" :
            path.Contains('\0', StringComparison.Ordinal) ? "has a NUL in it: remove \\000" : null;
        if (wrong is not null)
            errors.Add(new ExportError(at, $"\"{path}\" {wrong}"));
        return wrong is null;
    }

    private (ClientSpec Client, ExportOptions Options)? ReadClient(ExportOptionSet defaults)
    {
        string at = Place();
        string? word = ReadWord(isPath: false);
        var options = defaults.Copy();
        if (!AtLineEnd && Peek() == '(')
        {
            Take();
            ReadOptions(options, closing: true);
        }
        if (word is null)
            return null;
        if (ClientSpecParser.TryParse(word, out var client, out string remedy))
            return (client, options.ToOptions());
        errors.Add(new ExportError(at, remedy));
        return null;
    }

    /// <summary>Options separated by commas, up to the closing parenthesis or, for defaults, the next blank.</summary>
    private void ReadOptions(ExportOptionSet options, bool closing)
    {
        while (true)
        {
            string at = Place();
            var word = new StringBuilder();
            while (!AtLineEnd && Peek() is not (',' or ')') && !char.IsWhiteSpace(Peek()))
                word.Append(Take());
            if (word.Length > 0)
            {
                if (options.Apply(word.ToString()) is { } wrong)
                    errors.Add(new ExportError(at, wrong));
            }
            else if (!AtLineEnd && Peek() == ',')
            {
                errors.Add(new ExportError(at, "an option is missing before the comma: remove the comma"));
            }
            if (!AtLineEnd && Peek() == ',')
            {
                Take();
                continue;
            }
            if (!closing)
                break;
            if (!AtLineEnd && Peek() == ')')
                Take();
            else
                errors.Add(new ExportError(Place(), "a ) is missing: options are separated by commas, without blanks, and end with )"));
            break;
        }
        if (!closing && !AtLineEnd && Peek() == ')')
        {
            errors.Add(new ExportError(Place(), "default options take no parentheses: remove the )"));
            Take();
        }
    }

    /// <summary>A path or a client, unquoted; null after an error. A client ends before its parenthesis.</summary>
    private string? ReadWord(bool isPath)
    {
        var word = new StringBuilder();
        string at = Place();
        bool quoted = false;
        while (position < text.Length)
        {
            char c = Peek();
            if (c == '"')
            {
                quoted = !quoted;
                Take();
                continue;
            }
            if (c == '\n' ? true : !quoted && (char.IsWhiteSpace(c) || (!isPath && c is '(' or ')')))
                break;
            if (!isPath && c == ')')
                break;
            Take();
            word.Append(c == '\\' && TakeOctal() is { } octal ? octal : c);
        }
        if (!quoted && (position >= text.Length || Peek() != ')' || isPath))
            return Decode(word);
        errors.Add(new ExportError(at, quoted ? "a quotation mark is missing: close the name with \"" : "a ) without a (: write the options as client(options)"));
        if (!quoted)
            Take();
        return null;
    }

    /// <summary>Octal escapes name bytes, so what they make together is UTF-8.</summary>
    private static string Decode(StringBuilder word)
    {
        string raw = word.ToString();
        var bytes = new List<byte>();
        int plain = 0;
        for (int i = 0; i < raw.Length; i++)
        {
            if (!IsEscapedByte(raw, i))
                continue;
            bytes.AddRange(Encoding.UTF8.GetBytes(raw[plain..i]));
            bytes.Add((byte)(raw[i] - EscapedByte));
            plain = i + 1;
        }
        return plain == 0 ? raw : Encoding.UTF8.GetString([.. bytes, .. Encoding.UTF8.GetBytes(raw[plain..])]);
    }

    private static bool IsEscapedByte(string raw, int index) =>
        raw[index] is >= '\uDC80' and <= '\uDCFF' && (index == 0 || !char.IsHighSurrogate(raw[index - 1]));

    /// <summary>Three octal digits behind a backslash. Bytes from 0x80 are kept apart until the word is whole, as low surrogates without a high one, which no text has.</summary>
    private char? TakeOctal()
    {
        if (position + 3 > text.Length)
            return null;
        int value = 0;
        for (int i = 0; i < 3; i++)
        {
            char c = text[position + i];
            if (c is < '0' or > '7')
                return null;
            value = value * 8 + (c - '0');
        }
        if (value > 255)
            return null;
        for (int i = 0; i < 3; i++)
            Take();
        return (char)(value < 0x80 ? value : EscapedByte + value);
    }

    private bool AtLineEnd => position >= text.Length || text[position] is '\n' or '#';

    private char Peek() => text[position];

    private char Take()
    {
        char c = text[position++];
        column++;
        if (c == '\n')
        {
            line++;
            column = 1;
        }
        return c;
    }

    private void SkipBlanks()
    {
        while (position < text.Length)
        {
            if (Peek() == '\\' && position + 1 < text.Length && text[position + 1] == '\n')
                Take();
            else if (Peek() == '\n' || !char.IsWhiteSpace(Peek()))
                break;
            Take();
        }
    }

    private void SkipLine()
    {
        while (position < text.Length && Take() != '\n')
        {
        }
    }

    private string Place() => $"{file}:{line}:{column}";
}
