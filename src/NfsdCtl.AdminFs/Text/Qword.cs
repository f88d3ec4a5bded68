using System.Globalization;
using System.Text;

namespace NfsdCtl.AdminFs.Text;

/// <summary>
/// The kernel's quoted words (net/sunrpc/cache.c: qword_get, qword_add): separated by blanks, <c>\ooo</c> is a byte in octal, a word that begins with
/// <c>\x</c> is hexadecimal to its end. A tab is an ordinary character. Beyond the kernel, <c>\xhh</c> later in a word is a byte too: no shell's echo
/// touches it.
/// </summary>
public static class Qword
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Cuts a line into words. The first newline ends it; only more newlines may follow.</summary>
    /// <returns>Null when a word is malformed, is not UTF-8, holds a NUL, or when a second line follows.</returns>
    public static IReadOnlyList<string>? Split(ReadOnlySpan<byte> text)
    {
        int end = text.IndexOf((byte)'\n');
        if (end >= 0 && text[end..].ContainsAnyExcept((byte)'\n'))
            return null;
        var rest = end >= 0 ? text[..end] : text;
        var words = new List<string>();
        while (!(rest = rest.TrimStart((byte)' ')).IsEmpty)
        {
            int blank = rest.IndexOf((byte)' ');
            var raw = blank >= 0 ? rest[..blank] : rest;
            rest = rest[raw.Length..];
            if (Decode(raw) is not { } word)
                return null;
            words.Add(word);
        }
        return words;
    }

    /// <summary>Undoes the escapes of one word; null when it is malformed, empty, not UTF-8 or holds a NUL.</summary>
    public static string? Decode(ReadOnlySpan<byte> raw)
    {
        byte[] bytes = new byte[raw.Length];
        int length = raw.StartsWith("\\x"u8) ? DecodeHex(raw[2..], bytes) : DecodeEscapes(raw, bytes);
        if (length <= 0 || bytes.AsSpan(0, length).Contains((byte)0))
            return null;
        try
        {
            return Strict.GetString(bytes, 0, length);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    /// <summary>A word as it must be written: backslash, blank, tab and newline in octal.</summary>
    public static string Encode(string word)
    {
        var text = new StringBuilder(word.Length);
        foreach (char c in word)
        {
            if (c is '\\' or ' ' or '\t' or '\n')
                text.Append('\\').Append(Convert.ToString(c, 8).PadLeft(3, '0'));
            else
                text.Append(c);
        }
        return text.ToString();
    }

    private static int DecodeHex(ReadOnlySpan<byte> digits, Span<byte> bytes)
    {
        if (digits.Length % 2 != 0)
            return -1;
        for (int i = 0; i < digits.Length; i += 2)
        {
            if (!byte.TryParse(digits.Slice(i, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out bytes[i / 2]))
                return -1;
        }
        return digits.Length / 2;
    }

    private static int DecodeEscapes(ReadOnlySpan<byte> raw, byte[] bytes)
    {
        int length = 0;
        for (int i = 0; i < raw.Length; i++, length++)
        {
            bytes[length] = raw[i];
            if (raw[i] != '\\')
                continue;
            if (i + 3 >= raw.Length || !TryByte(raw.Slice(i + 1, 3), bytes.AsSpan(length, 1)))
                return -1;
            i += 3;
        }
        return length;
    }

    private static bool TryByte(ReadOnlySpan<byte> escape, Span<byte> value)
    {
        if (escape[0] == 'x')
            return DecodeHex(escape[1..], value) > 0;
        if (escape[0] is < (byte)'0' or > (byte)'3' || !IsOctal(escape[1]) || !IsOctal(escape[2]))
            return false;
        value[0] = (byte)((escape[0] - '0') << 6 | (escape[1] - '0') << 3 | (escape[2] - '0'));
        return true;
    }

    private static bool IsOctal(byte b) => b is >= (byte)'0' and <= (byte)'7';
}
