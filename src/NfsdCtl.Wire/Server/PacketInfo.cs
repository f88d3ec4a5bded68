using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using NfsdCtl.Linux;

namespace NfsdCtl.Wire.Server;

/// <summary>
/// The control message by which the kernel says to which local address a datagram was sent, and is told from which one to
/// answer (ip(7) IP_PKTINFO, ipv6(7) IPV6_PKTINFO).
/// </summary>
internal static unsafe class PacketInfo
{
    /// <summary>sizeof(struct cmsghdr): length, level, type.</summary>
    private const int Head = 16;
    private const int V4Size = 12;
    private const int V6Size = 20;

    /// <summary>The local address of a received datagram, or null when the kernel did not say.</summary>
    public static NetAddress? Destination(in MessageHeader message)
    {
        byte* at = (byte*)message.Control;
        byte* end = at + message.ControlLength;
        while (end - at >= Head)
        {
            long length = Unsafe.ReadUnaligned<long>(at);
            if (length < Head || length > end - at)
                return null;
            int level = Unsafe.ReadUnaligned<int>(at + 8);
            int type = Unsafe.ReadUnaligned<int>(at + 12);
            if (level == Sockets.IPPROTO_IP && type == Sockets.IP_PKTINFO && length >= Head + V4Size)
                return NetAddress.FromBytes(new ReadOnlySpan<byte>(at + Head + 8, 4));
            if (level == Sockets.IPPROTO_IPV6 && type == Sockets.IPV6_PKTINFO && length >= Head + V6Size)
                return NetAddress.FromBytes(new ReadOnlySpan<byte>(at + Head, 16), Unsafe.ReadUnaligned<uint>(at + Head + 16));
            at += (length + 7) & ~7L;
        }
        return null;
    }

    /// <summary>Writes the message that sends from <paramref name="local"/>; returns its length.</summary>
    public static nuint Write(byte* control, ushort family, NetAddress local)
    {
        // On an AF_INET6 socket a v4-mapped source is given by IP_PKTINFO (ipv6(7); ip_cmsg_send serves mapped destinations).
        bool v4 = family == Sockets.AF_INET || local.IsV4;
        int size = v4 ? V4Size : V6Size;
        new Span<byte>(control, Head + size).Clear();
        Unsafe.WriteUnaligned<long>(control, Head + size);
        Unsafe.WriteUnaligned(control + 8, v4 ? Sockets.IPPROTO_IP : Sockets.IPPROTO_IPV6);
        Unsafe.WriteUnaligned(control + 12, v4 ? Sockets.IP_PKTINFO : Sockets.IPV6_PKTINFO);
        if (v4)
        {
            // ipi_spec_dst is the source of what is sent
            BinaryPrimitives.WriteUInt32BigEndian(new Span<byte>(control + Head + 4, 4), local.V4);
        }
        else
        {
            local.CopyTo(new Span<byte>(control + Head, 16));
            Unsafe.WriteUnaligned(control + Head + 16, local.ScopeId);
        }
        return (nuint)(Head + ((size + 7) & ~7));
    }
}

internal static class SocketAddressConversions
{
    public static NetAddress ToNetAddress(this in SocketAddress address) =>
        new(address.Parts.High, address.Parts.Low, address.Parts.ScopeId);

    public static NetAddressParts ToParts(this NetAddress address) => new(address.High, address.Low, address.ScopeId);
}
