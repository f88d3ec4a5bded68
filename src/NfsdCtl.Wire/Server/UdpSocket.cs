using System.Runtime.InteropServices;
using NfsdCtl.Linux;
using NfsdCtl.Wire.Rpc;

namespace NfsdCtl.Wire.Server;

/// <summary>
/// A UDP socket. Each datagram is one call and tells by IP_PKTINFO or IPV6_PKTINFO to which of the server's addresses it
/// was sent; the answer leaves from that address.
/// </summary>
internal sealed unsafe class UdpSocket : Channel
{
    /// <summary>The largest UDP payload over IPv4, in bytes.</summary>
    private const int MaxDatagram = 65_507;
    private const int Batch = 64;
    private const int ControlSpace = 64;

    private readonly RpcServer server;
    private readonly RpcProgram[] programs;
    private readonly ushort family;
    private readonly ushort port;
    private NativeBuffer input;

    public UdpSocket(RpcServer server, Loop loop, int descriptor, RpcProgram[] programs, ushort family, ushort port)
        : base(loop, descriptor)
    {
        this.server = server;
        this.programs = programs;
        this.family = family;
        this.port = port;
        input = server.Buffers.Rent(BufferPool.SmallSize);
    }

    public override int MaxReply => MaxDatagram;

    /// <remarks>
    /// Level-triggered: what one batch leaves is seen at the next turn. With a reference, for another thread may close it, and its descriptor
    /// would soon be another file's.
    /// </remarks>
    public override void Drive(Worker worker, uint events)
    {
        if (!TryAddReference())
            return;
        DriveBatch(worker);
        Release();
    }

    private void DriveBatch(Worker worker)
    {
        for (int i = 0; i < Batch; i++)
        {
            int length = Receive(worker);
            if (length < 0)
                return;
            if (length > 0 && !worker.Execute(this, new ReadOnlySpan<byte>(input.Pointer, length), programs))
                return;
            Flush(worker);
        }
    }

    public override NativeBuffer? Detach()
    {
        var kept = input;
        input = server.Buffers.Rent(BufferPool.SmallSize);
        return kept;
    }

    /// <summary>Takes one datagram and tells the worker between whom it is. -1: none is there; 0: it is dropped.</summary>
    private int Receive(Worker worker)
    {
        SocketAddress peer = default;
        byte* control = stackalloc byte[ControlSpace];
        IoVector vector = new() { Base = input.Pointer, Length = (nuint)input.Size };
        MessageHeader message = new()
        {
            Name = &peer,
            NameLength = SocketAddress.Size,
            Vectors = &vector,
            VectorCount = 1,
            Control = control,
            ControlLength = ControlSpace,
        };
        nint n = Sockets.ReceiveMessage(Descriptor, &message, Sockets.MSG_DONTWAIT);
        if (n < 0)
            return Marshal.GetLastPInvokeError() == Errno.EINTR ? 0 : -1;
        if ((message.Flags & Sockets.MSG_TRUNC) != 0 || PacketInfo.Destination(message) is not { } local)
            return 0;
        server.Counters.CountReceived(worker.Stripe, (int)n);
        worker.Bind(Transport.Udp, local, port, peer.ToNetAddress(), peer.Port);
        return (int)n;
    }

    public override void Flush(Worker worker)
    {
        worker.Settle();
        var reply = worker.Pending;
        if (reply.IsEmpty)
            return;
        var peer = SocketAddress.Make(family, worker.PeerAddress.ToParts(), worker.PeerPort);
        byte* control = stackalloc byte[ControlSpace];
        fixed (byte* p = reply)
        {
            IoVector vector = new() { Base = p, Length = (nuint)reply.Length };
            MessageHeader message = new()
            {
                Name = &peer,
                NameLength = peer.Length,
                Vectors = &vector,
                VectorCount = 1,
                Control = control,
                ControlLength = PacketInfo.Write(control, family, worker.LocalAddress),
            };
            // a datagram that the socket does not take now is lost, as UDP may: the client sends its call again
            _ = Sockets.SendMessage(Descriptor, &message, Sockets.MSG_DONTWAIT | Sockets.MSG_NOSIGNAL);
        }
        server.Counters.CountSent(worker.Stripe, reply.Length);
        worker.Sent();
    }
}
