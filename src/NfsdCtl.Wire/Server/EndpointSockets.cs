using System.Runtime.InteropServices;
using NfsdCtl.Linux;

using NfsdCtl.Wire.Rpc;

namespace NfsdCtl.Wire.Server;

/// <summary>Makes bound sockets and says in one line, with the remedy, why one cannot be had.</summary>
internal static unsafe class EndpointSockets
{
    private const int Backlog = 4096;
    private const int DatagramBuffer = 4 * 1024 * 1024;

    /// <exception cref="RpcListenException">The port is in use, the address is not here, or the right is missing.</exception>
    public static (int Socket, ushort Port) Bind(NetAddress address, bool v4, ushort port, Transport transport)
    {
        bool tcp = transport == Transport.Tcp;
        ushort family = v4 ? Sockets.AF_INET : Sockets.AF_INET6;
        int type = (tcp ? Sockets.SOCK_STREAM : Sockets.SOCK_DGRAM) | Sockets.SOCK_NONBLOCK | Sockets.SOCK_CLOEXEC;
        int socket = Sockets.Create(family, type, 0);
        if (socket < 0)
            throw Failed(address, port, transport, Marshal.GetLastPInvokeError());
        if (tcp)
        {
            _ = Sockets.SetOption(socket, Sockets.SOL_SOCKET, Sockets.SO_REUSEADDR, 1);
        }
        else
        {
            _ = Sockets.SetOption(socket, v4 ? Sockets.IPPROTO_IP : Sockets.IPPROTO_IPV6, v4 ? Sockets.IP_PKTINFO : Sockets.IPV6_RECVPKTINFO, 1);
            _ = Sockets.SetOption(socket, Sockets.SOL_SOCKET, Sockets.SO_RCVBUF, DatagramBuffer);
        }
        if (!v4)
            _ = Sockets.SetOption(socket, Sockets.IPPROTO_IPV6, Sockets.IPV6_V6ONLY, 1);
        var wanted = SocketAddress.Make(family, address.ToParts(), port);
        uint length = SocketAddress.Size;
        if (Sockets.Bind(socket, &wanted, wanted.Length) != 0
            || tcp && Sockets.Listen(socket, Backlog) != 0
            || Sockets.GetName(socket, &wanted, &length) != 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            _ = Descriptors.Close(socket);
            throw Failed(address, port, transport, errno);
        }
        return (socket, wanted.Port);
    }

    private static RpcListenException Failed(NetAddress address, ushort port, Transport transport, int errno)
    {
        string where = $"{transport.ToString().ToLowerInvariant()} {(address.IsWildcard ? "port" : address + " port")} {port}";
        string why = errno switch
        {
            Errno.EADDRINUSE => $"{where} is in use: stop the other server or choose another port (ss -lnptu shows who has it)",
            Errno.EADDRNOTAVAIL => $"{where}: the address is not on this machine (ip addr shows those that are)",
            Errno.EACCES => $"{where}: ports below 1024 need root",
            _ => $"{where}: {new System.ComponentModel.Win32Exception(errno).Message}",
        };
        return new RpcListenException(why, errno);
    }
}
