using System.Runtime.InteropServices;
using NfsdCtl.Linux;
using NfsdCtl.Wire.Rpc;

namespace NfsdCtl.Wire.Server;

/// <summary>Accepts connections and spreads them over the loops.</summary>
internal sealed unsafe class TcpListener(RpcServer server, Loop loop, int descriptor, RpcProgram[] programs) : Channel(loop, descriptor)
{
    private const int Batch = 64;

    /// <summary>Milliseconds after which the kernel gives up a peer that acknowledges nothing.</summary>
    private const int UserTimeout = 60_000;

    private DateTimeOffset lastComplaint;

    /// <remarks>
    /// Level-triggered: what one batch leaves is seen at the next turn. With a reference, for another thread may close it, and its descriptor
    /// would soon be another file's.
    /// </remarks>
    public override void Drive(Worker worker, uint events)
    {
        if (!TryAddReference())
            return;
        DriveBatch();
        Release();
    }

    private void DriveBatch()
    {
        for (int i = 0; i < Batch; i++)
        {
            SocketAddress peer = default;
            uint length = SocketAddress.Size;
            int socket = Sockets.Accept(Descriptor, &peer, &length, Sockets.SOCK_NONBLOCK | Sockets.SOCK_CLOEXEC);
            if (socket >= 0)
                Adopt(socket, peer);
            else if (Marshal.GetLastPInvokeError() is var errno && errno is not (Errno.EINTR or Errno.ECONNABORTED))
            {
                if (errno is Errno.EMFILE or Errno.ENFILE)
                    Complain();
                return;
            }
        }
    }

    public override NativeBuffer? Detach() => null;

    private void Adopt(int socket, SocketAddress peer)
    {
        SocketAddress local = default;
        uint length = SocketAddress.Size;
        if (Sockets.GetName(socket, &local, &length) != 0)
        {
            _ = Descriptors.Close(socket);
            return;
        }
        _ = Sockets.SetOption(socket, Sockets.IPPROTO_TCP, Sockets.TCP_NODELAY, 1);
        _ = Sockets.SetOption(socket, Sockets.SOL_SOCKET, Sockets.SO_KEEPALIVE, 1);
        _ = Sockets.SetOption(socket, Sockets.IPPROTO_TCP, Sockets.TCP_USER_TIMEOUT, UserTimeout);
        var target = server.NextLoop();
        var connection = new TcpConnection(server, target, socket, programs, (local.ToNetAddress(), local.Port), (peer.ToNetAddress(), peer.Port));
        server.Counters.CountOpened();
        server.Connections.Add(connection);
        if (!target.Add(connection, Epoll.EPOLLIN | Epoll.EPOLLOUT | Epoll.EPOLLRDHUP | Epoll.EPOLLET))
        {
            server.Counters.CountClosed();
            server.Connections.Remove(connection);
            connection.Release();
        }
    }

    /// <summary>Out of descriptors: connections wait in the backlog until some are closed. Said once a minute.</summary>
    private void Complain()
    {
        var now = server.Time.GetUtcNow();
        if (now - lastComplaint < TimeSpan.FromMinutes(1))
            return;
        lastComplaint = now;
        server.Report("a connection cannot be accepted: the limit of open files is reached (raise LimitNOFILE)", null);
    }
}
