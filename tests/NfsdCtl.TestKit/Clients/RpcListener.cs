using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.TestKit.Clients;

/// <summary>A call that a client's own listener received, e.g. NLM_GRANTED_MSG or SM_NOTIFY.</summary>
public readonly record struct IncomingCall(uint Program, uint Version, uint Procedure, IPEndPoint From);

/// <summary>Answers one incoming call: reads its arguments, writes its results.</summary>
public delegate AcceptStatus Answer(in IncomingCall call, ref XdrReader arguments, ref XdrWriter results);

/// <summary>The server side of a simulated client: listens on UDP and TCP of one address and port, on threads of its own.</summary>
public sealed class RpcListener : IDisposable
{
    private const int Largest = 64 << 10;
    private readonly Answer answer;
    private readonly Socket udp;
    private readonly Socket tcp;

    /// <param name="address">Where to listen, with port 0 for any.</param>
    /// <exception cref="SocketException">The address is not on this machine, or the port is taken.</exception>
    public RpcListener(IPEndPoint address, Answer answer)
    {
        this.answer = answer;
        tcp = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        tcp.Bind(address);
        tcp.Listen();
        Port = ((IPEndPoint)tcp.LocalEndPoint!).Port;
        udp = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        udp.Bind(new IPEndPoint(address.Address, Port));
        Start(Datagrams);
        Start(Connections);
    }

    public int Port { get; }

    private static void Start(Action body) => new Thread(() =>
    {
        try
        {
            body();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException)
        {
            // closed: by Dispose, or by the peer
        }
    })
    { IsBackground = true }.Start();

    private void Datagrams()
    {
        var buffer = new byte[Largest];
        var reply = new byte[Largest];
        EndPoint from = new IPEndPoint(udp.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        for (; ; )
        {
            var length = udp.ReceiveFrom(buffer, ref from);
            var answered = Respond(buffer.AsSpan(0, length), reply, (IPEndPoint)from);
            if (answered > 0)
                udp.SendTo(reply.AsSpan(0, answered), from);
        }
    }

    private void Connections()
    {
        for (; ; )
        {
            var connection = tcp.Accept();
            Start(() => Serve(connection));
        }
    }

    private void Serve(Socket connection)
    {
        using var stream = new NetworkStream(connection, ownsSocket: true);
        var buffer = new byte[Largest];
        var reply = new byte[Largest];
        for (; ; )
        {
            var length = 0;
            uint header;
            do
            {
                stream.ReadExactly(buffer, length, 4);
                header = BinaryPrimitives.ReadUInt32BigEndian(buffer.AsSpan(length));
                stream.ReadExactly(buffer, length, (int)(header & 0x7FFF_FFFF));
                length += (int)(header & 0x7FFF_FFFF);
            }
            while ((header & 0x8000_0000) == 0);
            var answered = Respond(buffer.AsSpan(0, length), reply.AsSpan(4), (IPEndPoint)connection.RemoteEndPoint!);
            if (answered == 0)
                continue;
            BinaryPrimitives.WriteUInt32BigEndian(reply, 0x8000_0000u | (uint)answered);
            stream.Write(reply, 0, 4 + answered);
        }
    }

    private int Respond(ReadOnlySpan<byte> message, Span<byte> reply, IPEndPoint from)
    {
        var reader = new XdrReader(message);
        var xid = reader.U32();
        if (reader.U32() != 0 || reader.U32() != 2)
            return 0;
        var call = new IncomingCall(reader.U32(), reader.U32(), reader.U32(), from);
        for (var part = 0; part < 2; part++)
        {
            reader.U32();
            reader.Opaque(400);
        }

        var writer = new XdrWriter(reply);
        foreach (var word in (ReadOnlySpan<uint>)[xid, 1, 0, 0, 0])
            writer.U32(word);
        var at = writer.Position;
        writer.U32(0);
        var status = reader.Failed ? AcceptStatus.GarbageArgs : answer(call, ref reader, ref writer);
        if (status == AcceptStatus.Drop)
            return 0;
        if (status != AcceptStatus.Success)
            writer.Position = at + 4;
        writer.Patch(at, (uint)status);
        return writer.Position;
    }

    public void Dispose()
    {
        udp.Dispose();
        tcp.Dispose();
    }
}
