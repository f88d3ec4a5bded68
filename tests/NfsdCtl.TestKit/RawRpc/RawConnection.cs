using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace NfsdCtl.TestKit.RawRpc;

/// <summary>A TCP connection on which a test sends what bytes it likes and reads whole records.</summary>
public sealed class RawConnection : IDisposable
{
    private readonly Socket socket;

    /// <param name="server">Where to.</param>
    /// <param name="receiveBuffer">Bytes; 0: the system's.</param>
    /// <param name="source">The client address; null: the system's choice.</param>
    public RawConnection(IPEndPoint server, int receiveBuffer = 0, IPAddress? source = null)
    {
        socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 30_000, SendTimeout = 30_000 };
        if (receiveBuffer > 0)
            socket.ReceiveBufferSize = receiveBuffer;
        if (source is not null)
            socket.Bind(new IPEndPoint(source, 0));
        socket.Connect(server);
    }

    public Socket Socket => socket;

    public void Send(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[socket.Send(bytes)..];
    }

    /// <summary>The next record, or null when the server has closed the connection.</summary>
    public byte[]? Receive()
    {
        var mark = new byte[4];
        if (!Fill(mark))
            return null;
        uint word = BinaryPrimitives.ReadUInt32BigEndian(mark);
        if ((word & 0x8000_0000) == 0)
            throw new InvalidDataException("the server sends whole records");
        var record = new byte[word & 0x7FFF_FFFF];
        return Fill(record) ? record : throw new InvalidDataException("closed within a record");
    }

    private bool Fill(Span<byte> target)
    {
        try
        {
            while (!target.IsEmpty)
            {
                int n = socket.Receive(target);
                if (n == 0)
                    return false;
                target = target[n..];
            }
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            return false;
        }
    }

    public void Dispose() => socket.Dispose();
}
