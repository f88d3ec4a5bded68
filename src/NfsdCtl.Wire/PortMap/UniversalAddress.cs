using System.Buffers.Text;
using System.Text;

namespace NfsdCtl.Wire.PortMap;

/// <summary>
/// Universal addresses (RFC 5665 §5.2.3.3 and §5.2.3.4): the address in text, then the port as two decimal octets,
/// "192.0.2.1.8.1" for port 2049.
/// </summary>
public static class UniversalAddress
{
    private const int Longest = 64;

    public static byte[] Format(NetAddress address, bool v4, ushort port)
    {
        string text = address.IsWildcard ? v4 ? "0.0.0.0" : "::" : address.ToIPAddress().ToString();
        return Encoding.ASCII.GetBytes($"{text}.{port >> 8}.{port & 255}");
    }

    public static bool TryParse(ReadOnlySpan<byte> text, out NetAddress address, out ushort port)
    {
        (address, port) = (default, 0);
        if (text.Length > Longest || text.LastIndexOf((byte)'.') is var low && low <= 0)
            return false;
        int high = text[..low].LastIndexOf((byte)'.');
        if (high <= 0 || !TryOctet(text[(high + 1)..low], out byte upper) || !TryOctet(text[(low + 1)..], out byte lower))
            return false;
        port = (ushort)(upper << 8 | lower);
        return NetAddress.TryParse(Encoding.ASCII.GetString(text[..high]), out address);
    }

    private static bool TryOctet(ReadOnlySpan<byte> digits, out byte value) =>
        Utf8Parser.TryParse(digits, out value, out int used) && used == digits.Length && digits[0] is >= (byte)'0' and <= (byte)'9';
}
