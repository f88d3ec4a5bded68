using System.Buffers.Binary;
using System.Runtime.InteropServices;
using NfsdCtl.Linux;
using NfsdCtl.Wire.Rpc;

namespace NfsdCtl.Wire.Server;

/// <summary>
/// A TCP connection: cuts records (RFC 5531 §11) out of what arrives, in place, and has each executed. The replies of a burst
/// leave in one send. A reader that is slow gets a bounded queue and is not read from until it has taken it.
/// </summary>
internal sealed unsafe class TcpConnection : Channel
{
    /// <summary>Replies that are sent together at most, in bytes, before the burst goes on.</summary>
    private const int FlushAt = 128 * 1024;

    /// <summary>Buffers that one client may fill before the other connections of its loop have their turn.</summary>
    private const int MaxTurns = 16;

    /// <summary>A record in more fragments than this is an attack, not a client.</summary>
    private const int MaxFragments = 4096;

    /// <summary>Replies that wait for something at a time; a client that has so many is not read from until some are sent.</summary>
    private const int MaxHeld = 1024;

    /// <summary>The same in bytes, of which one reply may be too many.</summary>
    private const int MaxHeldBytes = 2 * 1024 * 1024;

    /// <summary>Replies that are kept to be used again.</summary>
    private const int MaxSpare = 128;

    private const uint Ending = Epoll.EPOLLRDHUP | Epoll.EPOLLHUP | Epoll.EPOLLERR;

    private readonly RpcServer server;
    private readonly RpcProgram[] programs;
    private readonly (NetAddress Address, ushort Port) local;
    private readonly (NetAddress Address, ushort Port) peer;
    private readonly Lock sending = new();
    private readonly UnsentQueue unsent;
    private readonly Stack<HeldReply> spare = new();
    private Queue<HeldReply> ready = new();
    private Queue<HeldReply> leaving = new();
    private int held;
    private int heldBytes;
    private ConnectionBackChannel? backChannel;
    private NativeBuffer? input;
    private int filled;
    private int position;
    private int recordStart;
    private int recordLength;
    private int fragments;
    private int alone;
    private bool drained;
    private bool ending;
    private bool waiting;
    private bool ended;
    private bool removed;
    private int recordBegun;
    private volatile bool anyReady;
    private volatile bool closed;

    public TcpConnection(
        RpcServer server, Loop loop, int descriptor, RpcProgram[] programs, (NetAddress, ushort) local, (NetAddress, ushort) peer)
        : base(loop, descriptor)
    {
        this.server = server;
        this.programs = programs;
        this.local = local;
        this.peer = peer;
        unsent = new UnsentQueue(descriptor, server);
        LastUse = server.Connections.Now;
    }

    public override int MaxReply => server.Options.MaxRecord;

    public override bool CanSplice => true;

    public override int MarkSize => 4;

    public override void Mark(Span<byte> mark, int length) => BinaryPrimitives.WriteUInt32BigEndian(mark, 0x8000_0000 | (uint)length);

    public override void Drive(Worker worker, uint events)
    {
        worker.Bind(Transport.Tcp, local.Address, local.Port, peer.Address, peer.Port);
        LastUse = server.Connections.Now;
        ending |= (events & Ending) != 0;
        SendQueued();
        SendReady(worker);
        drained &= events == 0;
        bool more = true;
        for (int turn = 0; more && !closed; turn++)
        {
            if (turn == MaxTurns)
            {
                Loop.Post(this);
                return;
            }
            if (IsPaused())
                return;
            if (!DriveRecords(worker))
                return;
            more = Receive(worker);
        }
        if (closed || ended && IsAnswered())
            Close();
        else
            ReturnIdleInput();
    }

    /// <summary>
    /// Whether all that a client asked before it ended its side is answered. If not, the last answer posts the connection again.
    /// </summary>
    private bool IsAnswered()
    {
        lock (sending)
        {
            waiting = !unsent.IsEmpty || alone > 0 || held > 0;
            return !waiting;
        }
    }

    /// <summary>Executes every whole record that is buffered. False: the connection is paused, or another worker goes on with it.</summary>
    private bool DriveRecords(Worker worker)
    {
        while (NextRecord(out int start, out int length))
        {
            var record = new ReadOnlySpan<byte>(input!.Pointer + start, length);
            if (!worker.Execute(this, record, programs))
                return false;
            if (worker.Pending.Length >= FlushAt)
                Flush(worker);
            if (closed)
                break;
            if (IsPaused())
            {
                Flush(worker);
                return false;
            }
        }
        Flush(worker);
        return true;
    }

    /// <summary>
    /// Cuts the next record. Fragments of one record are moved together, so that a record is always one span. A record over the bound,
    /// or in too many fragments, closes the connection before anything of it is buffered.
    /// </summary>
    private bool NextRecord(out int start, out int length)
    {
        start = length = 0;
        while (filled - position >= 4)
        {
            uint mark = BinaryPrimitives.ReadUInt32BigEndian(new ReadOnlySpan<byte>(input!.Pointer + position, 4));
            int size = (int)(mark & 0x7FFF_FFFF);
            if (size > server.Options.MaxRecord - recordLength || ++fragments > MaxFragments)
            {
                closed = true;
                return false;
            }
            if (filled - position - 4 < size)
            {
                fragments--;
                MakeRoom(position + 4 + size);
                return false;
            }
            if (recordLength == 0)
                recordStart = position + 4;
            else
                Buffer.MemoryCopy(input.Pointer + position + 4, input.Pointer + recordStart + recordLength, input.Size, size);
            recordLength += size;
            position += 4 + size;
            if ((mark & 0x8000_0000) != 0)
            {
                (start, length) = (recordStart, recordLength);
                recordLength = fragments = recordBegun = 0;
                return true;
            }
        }
        MakeRoom(position + 4);
        return false;
    }

    /// <summary>Sees to it that the buffer reaches to <paramref name="end"/> (a place in the present buffer's counting).</summary>
    private void MakeRoom(int end)
    {
        if (input is null || end <= input.Size && position < input.Size / 2 && filled < input.Size)
            return;
        int from = recordLength > 0 ? recordStart : position;
        if (from == 0 && end <= input.Size)
            return;
        Move(server.Buffers.Rent(Math.Max(end - from, BufferPool.SmallSize)), from, give: true);
        NoteRecord();
        if (server.Buffers.InUse > server.Options.MaxReceiving)
            server.Connections.Relieve();
    }

    /// <summary>Moves what is not executed yet, from <paramref name="from"/> on, to the start of another buffer.</summary>
    private void Move(NativeBuffer target, int from, bool give)
    {
        var old = input!;
        new ReadOnlySpan<byte>(old.Pointer + from, filled - from).CopyTo(target.Span);
        filled -= from;
        position -= from;
        recordStart -= from;
        input = target;
        if (give)
            server.Buffers.Return(old);
    }

    /// <summary>The call keeps the buffer that its arguments are in; what came behind them moves to another.</summary>
    public override NativeBuffer? Detach()
    {
        Interlocked.Increment(ref alone);
        var kept = input!;
        Move(server.Buffers.Rent(Math.Max(filled - position, BufferPool.SmallSize)), position, give: false);
        return kept;
    }

    /// <summary>Reads once, unless the last read had taken all. False: nothing more is there now, or the peer is gone.</summary>
    private bool Receive(Worker worker)
    {
        if (closed || ended || drained)
        {
            drained = false;
            return false;
        }
        input ??= server.Buffers.Rent(BufferPool.SmallSize);
        if (position == filled && recordLength == 0)
            position = filled = 0;
        while (true)
        {
            nint n = Sockets.Receive(Descriptor, input.Pointer + filled, (nuint)(input.Size - filled), Sockets.MSG_DONTWAIT);
            if (n > 0)
            {
                // a read that leaves room has emptied the socket, and what comes later is a new edge of epoll; but an end that
                // came along with the data, or before this turn, has had its edge
                drained = n < input.Size - filled && !ending;
                filled += (int)n;
                server.Counters.CountReceived(worker.Stripe, (int)n);
                return true;
            }
            int errno = n == 0 ? 0 : Marshal.GetLastPInvokeError();
            if (errno == Errno.EINTR)
                continue;
            ended |= n == 0;
            closed |= errno is not (0 or Errno.EAGAIN);
            return false;
        }
    }

    private void NoteRecord()
    {
        if (position == filled && recordLength == 0)
            recordBegun = 0;
        else if (recordBegun == 0)
            recordBegun = LastUse;
    }

    private void ReturnIdleInput()
    {
        if (input is null)
            return;
        NoteRecord();
        if (recordBegun != 0)
            return;
        server.Buffers.Return(input);
        input = null;
        position = filled = 0;
    }

    /// <summary>
    /// True while nothing more of this connection may be executed: its replies are not taken, or as many of its calls as one
    /// client may have run alone. Whoever ends that state posts the connection to its loop.
    /// </summary>
    private bool IsPaused()
    {
        if (unsent.IsEmpty && Volatile.Read(ref alone) < server.MostAlone && Volatile.Read(ref held) < MaxHeld && Volatile.Read(ref heldBytes) < MaxHeldBytes)
            return false;
        lock (sending)
        {
            waiting = !unsent.IsEmpty || alone >= server.MostAlone || held >= MaxHeld || heldBytes >= MaxHeldBytes;
            return waiting;
        }
    }

    public override void CallFinished()
    {
        lock (sending)
        {
            Interlocked.Decrement(ref alone);
            Resume();
        }
    }

    private void Resume()
    {
        if (!waiting || !unsent.IsEmpty || alone >= server.MostAlone)
            return;
        waiting = false;
        Loop.Post(this);
    }

    public override HeldReply? Hold()
    {
        lock (sending)
        {
            if (closed || held >= MaxHeld)
                return null;
            held++;
            if (!spare.TryPop(out var reply))
                reply = new HeldReply(this);
            AddReference();
            reply.Begin();
            return reply;
        }
    }

    /// <summary>A reply is written and waits. From the thread of its call.</summary>
    public void Kept(HeldReply reply)
    {
        lock (sending)
            heldBytes += reply.Size;
    }

    /// <summary>What a reply waited for is there: the leader sends it. From any thread.</summary>
    public void Ready(HeldReply reply)
    {
        lock (sending)
        {
            if (!removed)
            {
                ready.Enqueue(reply);
                if (anyReady)
                    return;
                anyReady = true;
                Loop.Post(this);
                return;
            }
        }
        Release();
    }

    private void SendReady(Worker worker)
    {
        if (!anyReady)
            return;
        lock (sending)
        {
            (ready, leaving) = (leaving, ready);
            anyReady = false;
        }
        foreach (var reply in leaving)
        {
            worker.Append(reply.Bytes);
            if (worker.Pending.Length >= FlushAt)
                Flush(worker);
        }
        Flush(worker);
        Retire(leaving);
    }

    /// <summary>Gives back replies that are sent, or lost with the connection, and what each kept alive of it.</summary>
    private void Retire(Queue<HeldReply> replies)
    {
        while (replies.TryDequeue(out var reply))
        {
            lock (sending)
            {
                held--;
                heldBytes -= reply.Size;
                if (reply.IsSmall && spare.Count < MaxSpare)
                    spare.Push(reply);
            }
            Release();
        }
    }

    public override void Flush(Worker worker)
    {
        worker.Settle();
        if (worker.Pending.IsEmpty)
            return;
        server.Counters.CountSent(worker.Stripe, worker.Pending.Length + worker.Spliced);
        lock (sending)
        {
            var result = closed ? SendResult.Broken : unsent.Send(worker.Pending, more: worker.Spliced > 0);
            if (worker.Spliced > 0 && result != SendResult.Broken)
                result = unsent.Send(worker, worker.Spliced);
            else if (worker.Spliced > 0)
                worker.Pipe.Reset();
            if (result == SendResult.Broken)
                Abort();
        }
        worker.Sent();
    }

    /// <summary>Sends a whole record from any thread, behind whatever is being sent. False: the connection is gone.</summary>
    public bool TrySend(ReadOnlySpan<byte> record)
    {
        if (!TryAddReference())
            return false;
        bool sent = false;
        lock (sending)
        {
            if (!closed)
            {
                sent = unsent.Send(record, more: false) != SendResult.Broken;
                if (!sent)
                    Abort();
            }
        }
        Release();
        return sent;
    }

    public override IBackChannel? BackChannel
    {
        get
        {
            if (Volatile.Read(ref backChannel) is { } known)
                return known;
            var made = new ConnectionBackChannel(this);
            return Interlocked.CompareExchange(ref backChannel, made, null) ?? made;
        }
    }

    public override void ReplyArrived(uint xid, ReadOnlySpan<byte> message) => Volatile.Read(ref backChannel)?.Arrived(xid, message);

    private void SendQueued()
    {
        // Asked inside the lock: a call that went on alone may be about to keep what the socket did not take, and this is the only time that it is
        // told to be writable again.
        lock (sending)
        {
            if (unsent.IsEmpty)
                return;
            if (unsent.Drain() == SendResult.Broken)
                Abort();
            Resume();
        }
    }

    /// <summary>Marks the connection as broken and lets the leader notice.</summary>
    private void Abort()
    {
        if (closed)
            return;
        closed = true;
        unsent.Clear();
        _ = Sockets.Shutdown(Descriptor, Sockets.SHUT_RDWR);
        Loop.Post(this);
    }

    public NetAddress Client => peer.Address;

    public (NetAddress Address, ushort Port) Peer => peer;

    /// <summary>The tick of <see cref="ConnectionTable"/> at which something last happened here.</summary>
    public int LastUse { get; private set; }

    /// <summary>The tick at which the record began that has not come whole; 0: there is none.</summary>
    public int RecordBegun => Volatile.Read(ref recordBegun);

    /// <summary>Calls run or wait whose replies the client expects.</summary>
    public bool IsAwaited => Volatile.Read(ref alone) > 0 || Volatile.Read(ref held) > 0;

    /// <summary>The server address that the client uses.</summary>
    public NetAddress LocalAddress => local.Address;

    /// <summary>
    /// Has the kernel forget the connection at once when it is closed. For an address that left this host nothing can be sent any
    /// more, and when it comes back the remains would answer the client's new connection from the same port.
    /// </summary>
    public void Abandon()
    {
        int* linger = stackalloc int[] { 1, 0 };
        _ = Sockets.SetOption(Descriptor, Sockets.SOL_SOCKET, Sockets.SO_LINGER, linger, 2 * sizeof(int));
        Break();
    }

    /// <summary>Cuts the connection from another thread; its leader closes it.</summary>
    public void Break()
    {
        lock (sending)
            Abort();
    }

    private void Close()
    {
        closed = true;
        if (!Loop.Remove(this))
            return;
        _ = Sockets.Shutdown(Descriptor, Sockets.SHUT_RDWR);
        server.Counters.CountClosed();
        server.Connections.Remove(this);
        lock (sending)
            removed = true;
        Retire(ready);
        Volatile.Read(ref backChannel)?.Close();
        Release();
    }

    protected override void OnClosed()
    {
        unsent.Clear();
        if (input is not null)
            server.Buffers.Return(input);
        input = null;
    }
}
