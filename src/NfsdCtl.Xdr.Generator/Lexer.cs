using System.Globalization;

namespace NfsdCtl.Xdr.Generator;

internal enum TokenKind
{
    End,
    Identifier,
    Number,
    Symbol,
}

/// <summary>A word, number or sign. <paramref name="Value"/> is set for numbers only.</summary>
internal readonly record struct Token(TokenKind Kind, string Text, long Value, Place Place)
{
    public bool Is(string text) => Kind is TokenKind.Identifier or TokenKind.Symbol && Text == text;
}

/// <summary>
/// Cuts a description into tokens (RFC 4506 §6.1, §6.2). Comments, and lines that begin with % or # (passed through or
/// interpreted by rpcgen), are skipped.
/// </summary>
internal sealed class Lexer(string text)
{
    private int at;
    private int line;
    private int lineStart;

    public Token Next()
    {
        SkipBlanks();
        if (at == text.Length)
            return new Token(TokenKind.End, "end of file", 0, From(at));
        char c = text[at];
        if (IsLetter(c))
            return Identifier();
        if (IsDigit(c) || (c == '-' && at + 1 < text.Length && IsDigit(text[at + 1])))
            return Number();
        if ("{}()[]<>;:,=*".IndexOf(c) < 0)
            throw Error(at, at + 1, $"'{c}' does not belong here");
        at++;
        return new Token(TokenKind.Symbol, c.ToString(), 0, From(at - 1));
    }

    private static bool IsLetter(char c) => c is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or '_';

    private static bool IsDigit(char c) => c is >= '0' and <= '9';

    private void SkipBlanks()
    {
        while (at < text.Length)
        {
            if (text[at] == '\n')
            {
                at++;
                line++;
                lineStart = at;
            }
            else if (char.IsWhiteSpace(text[at]))
                at++;
            else if (text[at] is '%' or '#' && at == lineStart)
                SkipLine();
            else if (StartsWith("//"))
                SkipLine();
            else if (StartsWith("/*"))
                SkipComment();
            else
                return;
        }
    }

    private bool StartsWith(string word) => string.CompareOrdinal(text, at, word, 0, word.Length) == 0;

    private void SkipLine()
    {
        while (at < text.Length && text[at] != '\n')
            at++;
    }

    private void SkipComment()
    {
        var opening = new Place(at, 2, line, at - lineStart);
        for (at += 2; !StartsWith("*/"); at++)
        {
            if (at >= text.Length)
                throw new SyntaxErrorException(new Problem(Rules.Syntax, opening, "this comment has no end"));
            if (text[at] == '\n')
            {
                line++;
                lineStart = at + 1;
            }
        }
        at += 2;
    }

    private Token Identifier()
    {
        int start = at;
        while (at < text.Length && (IsLetter(text[at]) || IsDigit(text[at])))
            at++;
        return new Token(TokenKind.Identifier, text.Substring(start, at - start), 0, From(start));
    }

    /// <summary>Decimal, 0x hexadecimal or 0 octal (RFC 4506 §6.2).</summary>
    private Token Number()
    {
        int start = at;
        bool negative = text[at] == '-';
        if (negative)
            at++;
        int digits = at;
        while (at < text.Length && (IsLetter(text[at]) || IsDigit(text[at])))
            at++;
        string word = text.Substring(digits, at - digits);
        if (!TryParse(word, out ulong magnitude) || magnitude > (negative ? 1UL << 63 : long.MaxValue))
            throw Error(start, at, $"'{text.Substring(start, at - start)}' is not a number of 64 bits");
        long value = negative ? unchecked(-(long)magnitude) : (long)magnitude;
        return new Token(TokenKind.Number, text.Substring(start, at - start), value, From(start));
    }

    private static bool TryParse(string word, out ulong value)
    {
        if (word.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
            return ulong.TryParse(word.Substring(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
        if (word.Length == 1 || word[0] != '0')
            return ulong.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out value);
        value = 0;
        foreach (char digit in word)
        {
            if (digit is < '0' or > '7' || value >> 61 != 0)
                return false;
            value = (value << 3) | (uint)(digit - '0');
        }
        return true;
    }

    private Place From(int start) => new(start, at - start, line, start - lineStart);

    private SyntaxErrorException Error(int start, int end, string detail) =>
        new(new Problem(Rules.Syntax, new Place(start, end - start, line, start - lineStart), detail));
}
