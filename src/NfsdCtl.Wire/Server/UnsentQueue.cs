using System.Runtime.InteropServices;
using NfsdCtl.Linux;

namespace NfsdCtl.Wire.Server;

/// <summary>How a send ended.</summary>
internal enum SendResult
{
    /// <summary>The socket took all.</summary>
    All,

    /// <summary>The socket is full; the rest is kept until it is writable.</summary>
    Kept,

    /// <summary>The connection is broken.</summary>
    Broken,
}

/// <summary>
/// What a socket has not taken yet, in order: copied bytes, and pipes with spliced data. Nobody waits for a slow reader: what
/// is left is kept here and the connection is not read from until it has gone out, which bounds it.
/// </summary>
internal sealed unsafe class UnsentQueue(int socket, RpcServer server)
{
    private readonly Queue<Segment> segments = new();

    public bool IsEmpty => segments.Count == 0;

    /// <summary>Sends bytes behind what is kept.</summary>
    public SendResult Send(ReadOnlySpan<byte> data, bool more)
    {
        if (IsEmpty)
        {
            var result = SendNow(ref data, more);
            if (result != SendResult.Kept)
                return result;
        }
        segments.Enqueue(new Segment { Bytes = data.ToArray(), Left = data.Length });
        return SendResult.Kept;
    }

    /// <summary>Sends <paramref name="count"/> bytes of a pipe and its padding behind what is kept; takes the worker's pipe when they must wait.</summary>
    public SendResult Send(Worker worker, int count)
    {
        var segment = new Segment { Pipe = worker.Pipe, Left = count };
        var result = IsEmpty ? SendNow(segment) : SendResult.Kept;
        if (result == SendResult.Kept)
        {
            worker.GivePipe();
            segments.Enqueue(segment);
        }
        else if (result == SendResult.Broken)
        {
            worker.Pipe.Reset();
        }
        int padding = -count & 3;
        ReadOnlySpan<byte> zeros = [0, 0, 0];
        return padding == 0 || result == SendResult.Broken ? result : Send(zeros[..padding], more: false);
    }

    /// <summary>Sends what is kept, as far as the socket takes it.</summary>
    public SendResult Drain()
    {
        while (segments.TryPeek(out var segment))
        {
            var result = SendNow(segment);
            if (result != SendResult.All)
                return result;
            segments.Dequeue();
            if (segment.Pipe is { } pipe)
                server.Pipes.Return(pipe);
        }
        return SendResult.All;
    }

    public void Clear()
    {
        while (segments.TryDequeue(out var segment))
            segment.Pipe?.Reset();
    }

    private SendResult SendNow(Segment segment)
    {
        if (segment.Pipe is { } pipe)
            return SendNow(segment, pipe);
        var rest = segment.Bytes.AsSpan()[^segment.Left..];
        ReadOnlySpan<byte> data = rest;
        var result = SendNow(ref data, more: false);
        segment.Left = data.Length;
        return result;
    }

    private SendResult SendNow(Segment segment, SplicePipe pipe)
    {
        uint flags = Sockets.SPLICE_F_MOVE | Sockets.SPLICE_F_NONBLOCK | ((segment.Left & 3) != 0 ? Sockets.SPLICE_F_MORE : 0);
        while (segment.Left > 0)
        {
            nint n = Sockets.Splice(pipe.ReadEnd, null, socket, null, (nuint)segment.Left, flags);
            if (n > 0)
                segment.Left -= (int)n;
            else if (n == 0)
                return SendResult.Broken;
            else if (Marshal.GetLastPInvokeError() is var errno && errno != Errno.EINTR)
                return errno == Errno.EAGAIN ? SendResult.Kept : SendResult.Broken;
        }
        return SendResult.All;
    }

    private SendResult SendNow(ref ReadOnlySpan<byte> data, bool more)
    {
        int flags = Sockets.MSG_DONTWAIT | Sockets.MSG_NOSIGNAL | (more ? Sockets.MSG_MORE : 0);
        while (!data.IsEmpty)
        {
            nint n;
            fixed (byte* p = data)
                n = Sockets.Send(socket, p, (nuint)data.Length, flags);
            if (n >= 0)
                data = data[(int)n..];
            else if (Marshal.GetLastPInvokeError() is var errno && errno != Errno.EINTR)
                return errno == Errno.EAGAIN ? SendResult.Kept : SendResult.Broken;
        }
        return SendResult.All;
    }

    private sealed class Segment
    {
        public byte[]? Bytes;
        public SplicePipe? Pipe;

        /// <summary>Bytes still to go; of <see cref="Bytes"/> the last ones.</summary>
        public int Left;
    }
}

/// <summary>Pipes between uses; a bounded number is kept.</summary>
internal sealed class PipePool
{
    private const int Kept = 64;
    private readonly Stack<SplicePipe> pipes = new();

    public SplicePipe Rent()
    {
        lock (pipes)
            return pipes.TryPop(out var pipe) ? pipe : new SplicePipe();
    }

    public void Return(SplicePipe pipe)
    {
        lock (pipes)
        {
            if (pipes.Count < Kept)
            {
                pipes.Push(pipe);
                return;
            }
        }
        pipe.Reset();
    }
}
