using NfsdCtl.Linux;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Wire.Rpc;

/// <summary>
/// Executes messages against programs on the calling thread, without a socket: a whole call goes in, a whole reply comes out, through
/// the same code as over the network. The addresses are the test's choice.
/// </summary>
public sealed class InMemoryTransport(Action<string, Exception?> report, params RpcProgram[] programs) : CallFrame
{
    private byte[] room = new byte[AcceptedHead + DefaultRoom];

    /// <summary>How often a program said that it may block.</summary>
    public int BlockingCalls { get; private set; }

    /// <summary>The most that <see cref="MaxReply"/> allows, in bytes.</summary>
    public int Limit { get; init; } = 1024 * 1024 + 64 * 1024;

    public override int MaxReply => Limit;

    protected override Span<byte> ReplyRoom => room;

    /// <summary>Says between whom the next calls are.</summary>
    public void Connect(Transport transport, NetAddress local, ushort localPort, NetAddress peer, ushort peerPort) =>
        (Transport, LocalAddress, LocalPort, PeerAddress, PeerPort) = (transport, local, localPort, peer, peerPort);

    /// <summary>
    /// Executes one message, without a record mark. The reply, empty when there is none, is good until the next call. Allocates
    /// nothing unless a reply needs more room than any before it.
    /// </summary>
    public ReadOnlySpan<byte> Execute(ReadOnlySpan<byte> message)
    {
        int length = Answer(message, programs, report);
        return room.AsSpan(0, length);
    }

    public override void BeforeBlocking() => BlockingCalls++;

    public override void EnsureRoom(ref XdrWriter reply, int bytes)
    {
        if (reply.Room >= bytes)
            return;
        int needed = AcceptedHead + reply.Position + bytes;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(needed, MaxReply);
        Array.Resize(ref room, Math.Max(needed, 2 * room.Length));
        reply = new XdrWriter(room.AsSpan(AcceptedHead), reply.Position);
    }

    public override int BeginSplice(int fileDescriptor, ulong offset, int count) => -Errno.EOPNOTSUPP;

    public override void FinishSplice() => throw new InvalidOperationException("nothing was spliced");
}
