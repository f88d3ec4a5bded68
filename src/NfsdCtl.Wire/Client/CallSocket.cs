using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using NfsdCtl.Wire.Rpc;

namespace NfsdCtl.Wire.Client;

/// <summary>One exchange over a socket of its own.</summary>
internal static class CallSocket
{
    private const int FirstPrivileged = 1023;
    private const int LastPrivileged = 665;
    private const uint LastFragment = 0x8000_0000;
    private const int MaxFragments = 1024;

    /// <exception cref="SocketException">The address is not here, the peer refuses, no privileged port is free.</exception>
    public static Socket Open(RpcRequest request, EndPoint to)
    {
        bool tcp = request.Transport == Transport.Tcp;
        if (to is UnixDomainSocketEndPoint)
            return new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var socket = new Socket(to.AddressFamily, tcp ? SocketType.Stream : SocketType.Dgram, tcp ? ProtocolType.Tcp : ProtocolType.Udp);
        try
        {
            var from = request.From.IsWildcard
                ? to.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any
                : request.From.ToIPAddress();
            if (request.Privileged)
                BindPrivileged(socket, from);
            else if (!request.From.IsWildcard)
                socket.Bind(new IPEndPoint(from, 0));
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Begins at a port of chance, so that servers on one host do not all try the same.</summary>
    private static void BindPrivileged(Socket socket, IPAddress from)
    {
        const int count = FirstPrivileged - LastPrivileged + 1;
        int start = Random.Shared.Next(count);
        for (int i = 0; ; i++)
        {
            try
            {
                socket.Bind(new IPEndPoint(from, LastPrivileged + (start + i) % count));
                return;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse && i + 1 < count)
            {
            }
        }
    }

    /// <summary>Sends one record and reads records until the reply to <paramref name="xid"/>.</summary>
    public static async Task<RpcReply> ExchangeStream(Socket socket, ReadOnlyMemory<byte> record, uint xid, int maxReply, CancellationToken stop)
    {
        for (int sent = 0; sent < record.Length;)
            sent += await socket.SendAsync(record[sent..], stop).ConfigureAwait(false);
        while (true)
        {
            if (await ReadRecord(socket, maxReply, stop).ConfigureAwait(false) is not { } message)
                return RpcReply.NoAnswer("the peer closed the connection, or its reply is malformed or too long");
            if (CallMessage.Decode(message, xid) is { } reply)
                return reply;
        }
    }

    private static async Task<ReadOnlyMemory<byte>?> ReadRecord(Socket socket, int maxReply, CancellationToken stop)
    {
        byte[] mark = new byte[4];
        byte[] record = [];
        for (int fragments = 0; fragments < MaxFragments; fragments++)
        {
            if (!await Fill(socket, mark, stop).ConfigureAwait(false))
                return null;
            uint word = BinaryPrimitives.ReadUInt32BigEndian(mark);
            uint length = word & ~LastFragment;
            if (length > maxReply - record.Length)
                return null;
            int start = record.Length;
            Array.Resize(ref record, start + (int)length);
            if (!await Fill(socket, record.AsMemory(start), stop).ConfigureAwait(false))
                return null;
            if ((word & LastFragment) != 0)
                return record;
        }
        return null;
    }

    private static async Task<bool> Fill(Socket socket, Memory<byte> target, CancellationToken stop)
    {
        while (!target.IsEmpty)
        {
            int n = await socket.ReceiveAsync(target, stop).ConfigureAwait(false);
            if (n == 0)
                return false;
            target = target[n..];
        }
        return true;
    }

    /// <summary>
    /// Sends a datagram, again and again with growing pauses, until the reply to <paramref name="xid"/> comes. The socket is connected:
    /// what others send is not seen, and an ICMP "port unreachable" ends the wait.
    /// </summary>
    public static async Task<RpcReply> ExchangeDatagrams(
        Socket socket, ReadOnlyMemory<byte> message, uint xid, RpcClientOptions options, TimeProvider time, CancellationToken stop)
    {
        byte[] buffer = new byte[options.MaxReply];
        using var done = CancellationTokenSource.CreateLinkedTokenSource(stop);
        await socket.SendAsync(message, stop).ConfigureAwait(false);
        var repetition = Repeat(socket, message, options.FirstRetransmission, time, done.Token);
        try
        {
            while (true)
            {
                int n = await socket.ReceiveAsync(buffer, SocketFlags.None, stop).ConfigureAwait(false);
                if (CallMessage.Decode(buffer.AsMemory(0, n), xid) is { } reply)
                    return reply;
            }
        }
        finally
        {
            await done.CancelAsync().ConfigureAwait(false);
            await repetition.ConfigureAwait(false);
        }
    }

    private static async Task Repeat(Socket socket, ReadOnlyMemory<byte> message, TimeSpan pause, TimeProvider time, CancellationToken done)
    {
        try
        {
            while (true)
            {
                await Task.Delay(pause, time, done).ConfigureAwait(false);
                pause *= 2;
                await socket.SendAsync(message, done).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // answered, or given up, or refused: the receiving side says which
        }
    }
}
