using NfsdCtl.Wire.Rpc;

namespace NfsdCtl.Wire.PortMap;

/// <summary>Network identifiers (RFC 5665 §5.1): tcp, udp, tcp6, udp6.</summary>
internal static class NetId
{
    public static ReadOnlySpan<byte> Of(Transport transport, bool v4) => (transport, v4) switch
    {
        (Transport.Tcp, true) => "tcp"u8,
        (Transport.Tcp, false) => "tcp6"u8,
        (_, true) => "udp"u8,
        (_, false) => "udp6"u8,
    };

    public static bool TryParse(ReadOnlySpan<byte> id, out Transport transport, out bool v4)
    {
        v4 = id.Length == 3;
        transport = id.StartsWith("tcp"u8) ? Transport.Tcp : Transport.Udp;
        return id.SequenceEqual(Of(transport, v4));
    }
}
