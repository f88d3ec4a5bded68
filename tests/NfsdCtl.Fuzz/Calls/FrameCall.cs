using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Fuzz.Calls;

/// <summary>Answers whole records in memory, as the server's workers do, with the same parser and dispatcher.</summary>
internal sealed class FrameCall(params RpcProgram[] programs) : CallFrame
{
    private byte[] reply = new byte[AcceptedHead + DefaultRoom];

    /// <summary>Exceptions that came out of a program; each is a bug.</summary>
    public List<Exception> Bugs { get; } = [];

    public override int MaxReply => (1 << 20) + (64 << 10);

    /// <summary>The reply; empty when the record gets none.</summary>
    public ReadOnlySpan<byte> Answer(ReadOnlySpan<byte> record, Transport transport = Transport.Tcp)
    {
        Transport = transport;
        LocalAddress = PeerAddress = NetAddress.FromV4(0x7F00_0001);
        (LocalPort, PeerPort) = (2049, 700);
        var arguments = new XdrReader(record);
        if (!TryParse(ref arguments, out var rejection))
            return default;
        if (rejection is { } why)
            return reply.AsSpan(0, WriteRejection(reply, why));
        var writer = new XdrWriter(reply.AsSpan(AcceptedHead));
        var status = Dispatch(programs, ref arguments, ref writer, Report);
        if (status == AcceptStatus.Drop)
            return default;
        if (status != AcceptStatus.Success)
            return reply.AsSpan(0, WriteStatus(reply, status));
        WriteAccepted(reply, Xid);
        return reply.AsSpan(0, AcceptedHead + writer.Position);
    }

    public override void BeforeBlocking()
    {
    }

    public override void EnsureRoom(ref XdrWriter writer, int bytes)
    {
        if (writer.Room >= bytes)
            return;
        int position = writer.Position;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(AcceptedHead + position + bytes, MaxReply);
        Array.Resize(ref reply, Math.Max(2 * reply.Length, AcceptedHead + position + bytes));
        writer = new XdrWriter(reply.AsSpan(AcceptedHead), position);
    }

    public override int BeginSplice(int fileDescriptor, ulong offset, int count) => -Linux.Errno.EOPNOTSUPP;

    public override void FinishSplice() => throw new InvalidOperationException("nothing was spliced");

    private void Report(string line, Exception? error)
    {
        if (error is not null)
            Bugs.Add(new InvalidOperationException(line, error));
    }
}
