using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using NfsdCtl.Fuse;

namespace NfsdCtl.Tests.Fuse;

/// <summary>Requests as the kernel would write them, and readers of the answers.</summary>
internal static class RequestBuilder
{
    public static byte[] Request(FuseOpcode opcode, ulong node, params byte[][] body)
    {
        byte[] payload = [.. body.SelectMany(b => b)];
        var header = new FuseInHeader
        {
            Length = (uint)(FuseInHeader.Size + payload.Length),
            Opcode = opcode,
            Unique = 77,
            Node = node,
            Uid = 1000,
            Gid = 100,
            Pid = 4711,
        };
        return [.. Bytes(header), .. payload];
    }

    public static byte[] Bytes<T>(T value)
        where T : unmanaged
    {
        byte[] bytes = new byte[Unsafe.SizeOf<T>()];
        MemoryMarshal.Write(bytes, value);
        return bytes;
    }

    public static byte[] Name(string name) => [.. Encoding.UTF8.GetBytes(name), 0];

    public static T Body<T>(byte[] reply)
        where T : unmanaged => MemoryMarshal.Read<T>(reply.AsSpan(FuseOutHeader.Size));

    /// <summary>The negative errno in an answer's header, 0 for success; checks length and unique on the way.</summary>
    public static int Error(byte[] reply)
    {
        var header = MemoryMarshal.Read<FuseOutHeader>(reply);
        Assert.That(header.Length, Is.EqualTo(reply.Length));
        Assert.That(header.Unique, Is.EqualTo(77));
        return header.Error;
    }
}
