using System.Buffers.Binary;
using NfsdCtl.Linux;

namespace NfsdCtl.Wire.PortMap;

/// <summary>struct sockaddr_in and sockaddr_in6 as bytes: a "transport address" in rpcbind's sense.</summary>
internal static class SocketBytes
{
    private const int V4Size = 16;
    private const int V6Size = 28;

    public static byte[] Make(NetAddress address, ushort port)
    {
        byte[] bytes = new byte[address.IsV4 ? V4Size : V6Size];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, address.IsV4 ? Sockets.AF_INET : Sockets.AF_INET6);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), port);
        if (address.IsV4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4), address.V4);
            return bytes;
        }
        address.CopyTo(bytes.AsSpan(8));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(24), address.ScopeId);
        return bytes;
    }

    public static bool TryRead(ReadOnlySpan<byte> bytes, out NetAddress address, out bool v4, out ushort port)
    {
        (address, v4, port) = (default, false, 0);
        if (bytes.Length < V4Size)
            return false;
        ushort family = BinaryPrimitives.ReadUInt16LittleEndian(bytes);
        port = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        v4 = family == Sockets.AF_INET;
        if (v4)
            address = NetAddress.FromBytes(bytes.Slice(4, 4));
        else if (family == Sockets.AF_INET6 && bytes.Length >= V6Size)
            address = NetAddress.FromBytes(bytes.Slice(8, 16), BinaryPrimitives.ReadUInt32LittleEndian(bytes[24..]));
        else
            return false;
        return true;
    }
}
