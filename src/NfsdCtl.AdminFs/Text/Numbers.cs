using System.Globalization;

namespace NfsdCtl.AdminFs.Text;

/// <summary>Numbers as simple_strtol(…, 0) takes them: decimal, 0x hexadecimal, 0 octal, with an optional minus sign.</summary>
public static class Numbers
{
    /// <summary>The whole word must be a number that fits 64 bits.</summary>
    public static bool TryParse(string word, out long value)
    {
        bool negative = word.StartsWith('-');
        var digits = word.AsSpan(negative ? 1 : 0);
        bool ok = digits switch
        {
            ['0', 'x' or 'X', .. var hex] => long.TryParse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value) && value >= 0,
            ['0', .. { Length: > 0 } octal] => TryParseOctal(octal, out value),
            _ => long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value),
        };
        value = negative ? -value : value;
        return ok;
    }

    private static bool TryParseOctal(ReadOnlySpan<char> digits, out long value)
    {
        value = 0;
        foreach (char c in digits)
        {
            if (c is < '0' or > '7' || value > long.MaxValue >> 3)
                return false;
            value = value << 3 | (uint)(c - '0');
        }
        return true;
    }
}
