using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.TestKit.Rpc;

/// <summary>One connection to a server, one call at a time, with a codec of its own that the server's cannot hide behind.</summary>
public sealed class TcpChannel : IRpcChannel, IDisposable
{
    private const uint LastFragment = 0x8000_0000;
    private readonly Socket socket;
    private byte[] buffer = new byte[64 << 10];

    /// <param name="server">Where the server listens.</param>
    /// <param name="privileged">Come from a port below 1024, as exports want by default.</param>
    public TcpChannel(IPEndPoint server, bool privileged = true)
    {
        socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 30_000 };
        if (privileged)
            BindPrivileged(server.AddressFamily);
        socket.Connect(server);
    }

    public TestUser? User { get; set; } = TestUser.Root;

    public uint Xid { get; set; } = 1;

    public RpcAnswer Call(uint program, uint version, uint procedure, ReadOnlySpan<byte> arguments)
    {
        uint xid = Xid++;
        Send(xid, program, version, procedure, arguments);
        var reply = Receive();
        var reader = new XdrReader(reply);
        if (reader.U32() != xid || reader.U32() != 1)
            throw new InvalidDataException("not the reply to this call");
        if (reader.U32() != 0)
            throw new InvalidDataException("the call was denied");
        reader.U32();
        reader.Opaque(400);
        var status = (AcceptStatus)reader.U32();
        return new(status, status == AcceptStatus.Success ? reader.Rest.ToArray() : []);
    }

    public void Dispose() => socket.Dispose();

    private void BindPrivileged(AddressFamily family)
    {
        for (int port = 1023; port > 600; port--)
        {
            try
            {
                socket.Bind(new IPEndPoint(family == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, port));
                return;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
            }
        }
        throw new InvalidOperationException("no privileged port is free");
    }

    private void Send(uint xid, uint program, uint version, uint procedure, ReadOnlySpan<byte> arguments)
    {
        byte[] message = new byte[arguments.Length + 512];
        var writer = new XdrWriter(message);
        int mark = writer.Skip();
        foreach (uint word in (ReadOnlySpan<uint>)[xid, 0, 2, program, version, procedure])
            writer.U32(word);
        Credential(ref writer);
        writer.U32(0);
        writer.U32(0);
        writer.Fixed(arguments);
        writer.Patch(mark, LastFragment | (uint)(writer.Position - sizeof(uint)));
        for (int sent = 0; sent < writer.Position;)
            sent += socket.Send(message.AsSpan(sent, writer.Position - sent));
    }

    private void Credential(ref XdrWriter writer)
    {
        if (User is null)
        {
            writer.U32(0);
            writer.U32(0);
            return;
        }
        writer.U32(1);
        int length = writer.Skip();
        writer.U32(0);
        writer.Opaque("test"u8);
        writer.U32(User.Uid);
        writer.U32(User.Gid);
        writer.U32((uint)User.Groups.Length);
        foreach (uint group in User.Groups)
            writer.U32(group);
        writer.Patch(length, (uint)(writer.Position - length - sizeof(uint)));
    }

    private ReadOnlySpan<byte> Receive()
    {
        int length = 0;
        while (true)
        {
            Fill(length, sizeof(uint));
            uint mark = BinaryPrimitives.ReadUInt32BigEndian(buffer.AsSpan(length));
            int size = (int)(mark & ~LastFragment);
            Fill(length, size);
            length += size;
            if ((mark & LastFragment) != 0)
                return buffer.AsSpan(0, length);
        }
    }

    private void Fill(int at, int count)
    {
        if (buffer.Length < at + count)
            Array.Resize(ref buffer, Math.Max(at + count, 2 * buffer.Length));
        for (int got = 0; got < count;)
        {
            int n = socket.Receive(buffer.AsSpan(at + got, count - got));
            if (n == 0)
                throw new EndOfStreamException("the server closed the connection");
            got += n;
        }
    }
}
