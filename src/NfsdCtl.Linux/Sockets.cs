using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NfsdCtl.Linux;

/// <summary>struct msghdr.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct MessageHeader
{
    public void* Name;
    public uint NameLength;
    public IoVector* Vectors;
    public nuint VectorCount;
    public void* Control;
    public nuint ControlLength;
    public int Flags;
}

/// <summary>A socket address of either family, as the kernel takes it (sockaddr_in, sockaddr_in6).</summary>
[StructLayout(LayoutKind.Sequential, Size = Size)]
public unsafe struct SocketAddress
{
    /// <summary>sizeof(struct sockaddr_in6).</summary>
    public const int Size = 28;

    public ushort Family;
    private ushort portNetworkOrder;
    private fixed byte rest[24];

    public ushort Port => BinaryPrimitives.ReverseEndianness(portNetworkOrder);

    public readonly uint Length => Family == Sockets.AF_INET ? 16u : Size;

    /// <summary>The address; of an AF_INET6 socket it may be v4-mapped, which is the same value.</summary>
    public readonly NetAddressParts Parts
    {
        get
        {
            fixed (byte* p = rest)
            {
                if (Family == Sockets.AF_INET)
                    return new(0, 0x0000_FFFF_0000_0000UL | BinaryPrimitives.ReadUInt32BigEndian(new ReadOnlySpan<byte>(p, 4)), 0);
                return new(
                    BinaryPrimitives.ReadUInt64BigEndian(new ReadOnlySpan<byte>(p + 4, 8)), BinaryPrimitives.ReadUInt64BigEndian(new ReadOnlySpan<byte>(p + 12, 8)),
                    Unsafe.ReadUnaligned<uint>(p + 20));
            }
        }
    }

    /// <summary>An address for a socket of <paramref name="family"/>; a v4 address on an AF_INET6 socket stays mapped.</summary>
    public static SocketAddress Make(ushort family, NetAddressParts address, ushort port)
    {
        SocketAddress result = default;
        result.Family = family;
        result.portNetworkOrder = BinaryPrimitives.ReverseEndianness(port);
        if (family == Sockets.AF_INET)
        {
            BinaryPrimitives.WriteUInt32BigEndian(new(result.rest, 4), (uint)address.Low);
            return result;
        }
        BinaryPrimitives.WriteUInt64BigEndian(new(result.rest + 4, 8), address.High);
        BinaryPrimitives.WriteUInt64BigEndian(new(result.rest + 12, 8), address.Low);
        Unsafe.WriteUnaligned(result.rest + 20, address.ScopeId);
        return result;
    }
}

/// <summary>A 128-bit address (IPv4 v4-mapped) with its scope, in the form that the floor above turns into its own type.</summary>
public readonly record struct NetAddressParts(ulong High, ulong Low, uint ScopeId);

/// <summary>socket(7).</summary>
public static unsafe partial class Sockets
{
    public const ushort AF_INET = 2;
    public const ushort AF_INET6 = 10;
    public const int SOCK_STREAM = 1;
    public const int SOCK_DGRAM = 2;
    public const int SOCK_NONBLOCK = 0x800;
    public const int SOCK_CLOEXEC = 0x80000;

    public const int SOL_SOCKET = 1;
    public const int SO_REUSEADDR = 2;
    public const int SO_SNDBUF = 7;
    public const int SO_RCVBUF = 8;
    public const int SO_KEEPALIVE = 9;
    public const int SO_LINGER = 13;
    public const int IPPROTO_IP = 0;
    public const int IP_PKTINFO = 8;
    public const int IPPROTO_TCP = 6;
    public const int TCP_NODELAY = 1;
    public const int TCP_USER_TIMEOUT = 18;
    public const int IPPROTO_IPV6 = 41;
    public const int IPV6_V6ONLY = 26;
    public const int IPV6_RECVPKTINFO = 49;
    public const int IPV6_PKTINFO = 50;

    public const int MSG_TRUNC = 0x20;
    public const int MSG_DONTWAIT = 0x40;
    public const int MSG_NOSIGNAL = 0x4000;
    public const int MSG_MORE = 0x8000;

    public const int SHUT_RDWR = 2;

    public const int F_SETPIPE_SZ = 1031;
    public const uint SPLICE_F_MOVE = 1;
    public const uint SPLICE_F_NONBLOCK = 2;
    public const uint SPLICE_F_MORE = 4;

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    public static partial int Create(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    public static partial int Bind(int socket, SocketAddress* address, uint length);

    [LibraryImport("libc", EntryPoint = "listen", SetLastError = true)]
    public static partial int Listen(int socket, int backlog);

    [LibraryImport("libc", EntryPoint = "accept4", SetLastError = true)]
    public static partial int Accept(int socket, SocketAddress* address, uint* length, int flags);

    [LibraryImport("libc", EntryPoint = "getsockname", SetLastError = true)]
    public static partial int GetName(int socket, SocketAddress* address, uint* length);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    public static partial int SetOption(int socket, int level, int option, int* value, uint length);

    [LibraryImport("libc", EntryPoint = "shutdown", SetLastError = true)]
    public static partial int Shutdown(int socket, int how);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    public static partial nint Receive(int socket, byte* buffer, nuint count, int flags);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    public static partial nint Send(int socket, byte* buffer, nuint count, int flags);

    [LibraryImport("libc", EntryPoint = "recvmsg", SetLastError = true)]
    public static partial nint ReceiveMessage(int socket, MessageHeader* message, int flags);

    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    public static partial nint SendMessage(int socket, MessageHeader* message, int flags);

    [LibraryImport("libc", EntryPoint = "pipe2", SetLastError = true)]
    public static partial int Pipe(int* ends, int flags);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    public static partial int Control(int descriptor, int command, int argument);

    /// <param name="inOffset">The place in the file, or null for a pipe.</param>
    [LibraryImport("libc", EntryPoint = "splice", SetLastError = true)]
    public static partial nint Splice(int from, long* inOffset, int to, long* outOffset, nuint count, uint flags);

    /// <summary>Sets an integer option; the result is 0 or -1 as of setsockopt(2).</summary>
    public static int SetOption(int socket, int level, int option, int value) => SetOption(socket, level, option, &value, sizeof(int));
}
