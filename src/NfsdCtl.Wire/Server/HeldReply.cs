using System.Buffers.Binary;
using NfsdCtl.Wire.Rpc;

namespace NfsdCtl.Wire.Server;

/// <summary>
/// A reply that is written and not sent: it waits for what its call asked for and did not want to block on. Sent by the leader of
/// the connection's loop, with whatever else is ready then. Used again and again.
/// </summary>
internal sealed class HeldReply(TcpConnection connection) : IReplyHold
{
    private const int Small = 4096;

    private byte[] bytes = new byte[512];
    private int length;
    private int holders;
    private volatile bool failed;

    /// <summary>With its record mark; empty when the call gets no answer.</summary>
    public ReadOnlySpan<byte> Bytes => bytes.AsSpan(0, length);

    /// <summary>The bytes of the reply as it was written.</summary>
    public int Size { get; private set; }

    /// <summary>Worth keeping.</summary>
    public bool IsSmall => bytes.Length <= Small;

    /// <summary>Starts anew, held by the call itself until <see cref="Keep"/>.</summary>
    public void Begin()
    {
        (length, Size, failed) = (0, 0, false);
        holders = 1;
    }

    public void Hold() => Interlocked.Increment(ref holders);

    /// <summary>The call has ended with this reply, its record mark included.</summary>
    public void Keep(ReadOnlySpan<byte> reply)
    {
        if (bytes.Length < reply.Length)
            bytes = new byte[reply.Length];
        reply.CopyTo(bytes);
        (length, Size) = (reply.Length, reply.Length);
        connection.Kept(this);
        Release(true);
    }

    public void Release(bool good)
    {
        if (!good)
            failed = true;
        if (Interlocked.Decrement(ref holders) != 0)
            return;
        if (failed && length > 0)
            MakeSystemError();
        connection.Ready(this);
    }

    /// <summary>What was promised in the reply did not come true; the xid stays (RFC 5531 §9, SYSTEM_ERR).</summary>
    private void MakeSystemError()
    {
        int mark = connection.MarkSize;
        var head = bytes.AsSpan(mark, CallFrame.AcceptedHead);
        head[4..].Clear();
        BinaryPrimitives.WriteUInt32BigEndian(head[4..], 1);
        BinaryPrimitives.WriteUInt32BigEndian(head[20..], (uint)AcceptStatus.SystemErr);
        connection.Mark(bytes, CallFrame.AcceptedHead);
        length = mark + CallFrame.AcceptedHead;
    }
}
