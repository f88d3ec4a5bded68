using NfsdCtl.Linux;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Wire.Server;

/// <summary>
/// A thread that executes calls, with everything that a call needs: the frame that programs see, the room for replies and the
/// pipe for spliced data. It is parked, or leads a loop, or finishes one call alone after its loop went to another worker.
/// </summary>
internal sealed class Worker : CallFrame
{
    private const int FirstRoom = 256 * 1024;

    /// <summary>Below this many bytes copying is cheaper than a pipe.</summary>
    private const int SpliceFrom = 16 * 1024;
    private const int Outside = 0;
    private const int Executing = 1;
    private const int HandingOver = 2;
    private const int Detached = 3;

    private readonly NativeBuffer output = NativeBuffer.Create(FirstRoom);
    private readonly Signal signal = new();
    private SplicePipe pipe = new();
    private readonly Thread thread;
    private Loop? loop;
    private Channel? resume;
    private Channel? channel;
    private NativeBuffer? ownInput;
    private HeldReply? held;
    private IPutOff? putOff;
    private int replyStart;
    private int pendingStart;
    private int pendingEnd;
    private int spliced;
    private int phase;

    public Worker(RpcServer server, int number)
    {
        Server = server;
        Stripe = number;
        thread = new Thread(Run, 512 * 1024) { Name = $"rpc-{number}", IsBackground = true };
    }

    public RpcServer Server { get; }

    /// <summary>Its share of the counters.</summary>
    public int Stripe { get; }

    /// <summary>Replies that wait to be sent.</summary>
    public ReadOnlySpan<byte> Pending => output.Span[pendingStart..pendingEnd];

    /// <summary>Bytes in the pipe that follow <see cref="Pending"/>.</summary>
    public int Spliced => spliced;

    /// <summary>True after the present call went on alone.</summary>
    public bool IsDetached => Volatile.Read(ref phase) == Detached;

    /// <summary>Counts calls; the monitor sees by it that a worker is still in the same one.</summary>
    public int Sequence { get; private set; }

    public bool IsExecuting => Volatile.Read(ref phase) == Executing;

    public override int MaxReply => channel!.MaxReply;

    public override IBackChannel? BackChannel => channel!.BackChannel;

    public SplicePipe Pipe => pipe;

    /// <summary>The pipe went to a queue with the data in it.</summary>
    public void GivePipe() => pipe = Server.Pipes.Rent();

    public void Start() => thread.Start();

    /// <summary>Makes this parked worker the leader of a loop, beginning with a channel that has input left.</summary>
    public void Promote(Loop next, Channel? first)
    {
        loop = next;
        resume = first;
        next.Leader = this;
        signal.Set();
    }

    public void Quit()
    {
        loop = null;
        signal.Set();
    }

    public bool Join(TimeSpan patience) => thread.Join(patience);

    private void Run()
    {
        while (true)
        {
            signal.Wait();
            if (loop is not { } mine)
                return;
            if (resume is { } first)
            {
                resume = null;
                first.Drive(this, 0);
                first.Release();
            }
            mine.Lead(this);
            if (!Server.Park(this))
                return;
        }
    }

    /// <summary>
    /// Executes one record that came in on <paramref name="from"/> and appends the reply to what waits to be sent.
    /// </summary>
    /// <returns>False when the call went on alone: its reply is sent, and the caller no longer leads.</returns>
    public bool Execute(Channel from, ReadOnlySpan<byte> record, RpcProgram[] programs)
    {
        channel = from;
        spliced = 0;
        if (pendingStart == pendingEnd)
            pendingStart = pendingEnd = 0;
        int start = pendingEnd;
        int mark = from.MarkSize;
        replyStart = start + mark;
        EnsureOutput(replyStart + AcceptedHead + DefaultRoom);
        Sequence++;
        Volatile.Write(ref phase, Executing);
        Server.Counters.CountCall(Stripe);
        int length = Answer(record, programs, Server.Report);
        if (held is not null)
        {
            KeepReply(start, length);
        }
        else if (length > 0)
        {
            from.Mark(output.Span[start..], length + Padded(spliced));
            pendingEnd = replyStart + length;
            if (spliced > 0)
                from.Flush(this);
        }
        if (Interlocked.CompareExchange(ref phase, Outside, Executing) == Executing)
            return true;
        // the monitor may be in the middle of it: a few instructions
        var spin = new SpinWait();
        while (Volatile.Read(ref phase) != Detached)
            spin.SpinOnce();
        FinishAlone();
        return false;
    }

    private void KeepReply(int start, int length)
    {
        if (length > 0)
        {
            channel!.Mark(output.Span[start..], length);
            length += replyStart - start;
        }
        held!.Keep(output.Span.Slice(start, length));
        held = null;
    }

    /// <summary>Appends a reply that was held to what waits to be sent.</summary>
    public void Append(ReadOnlySpan<byte> reply)
    {
        if (pendingStart == pendingEnd)
            pendingStart = pendingEnd = 0;
        EnsureOutput(pendingEnd + reply.Length);
        reply.CopyTo(output.Span[pendingEnd..]);
        pendingEnd += reply.Length;
    }

    public override IReplyHold? HoldReply()
    {
        if (spliced > 0)
            return null;
        held ??= channel!.Hold();
        held?.Hold();
        return held;
    }

    public override bool BeforeReply(IPutOff work)
    {
        // One place: there is one kind of such work, and each call is free to do its own at once.
        putOff ??= work;
        return putOff == work;
    }

    /// <summary>Does what has to be done before anything pending is sent. Each channel calls it first when it flushes.</summary>
    public void Settle()
    {
        if (putOff is not { } work)
            return;
        putOff = null;
        work.Run();
    }

    protected override Span<byte> ReplyRoom => output.Span.Slice(replyStart, Math.Min(output.Size - replyStart, MaxReply));

    /// <summary>What was pending is sent, queued or lost with its connection.</summary>
    public void Sent()
    {
        pendingStart = pendingEnd;
        spliced = 0;
    }

    public override void BeforeBlocking()
    {
        if (Volatile.Read(ref phase) != Executing || Server.TakeFollower() is not { } follower)
            return;
        // What this burst has answered so far must not wait for what blocks now.
        channel!.Flush(this);
        if (!TryDetach(follower))
            Server.Unpark(follower);
    }

    /// <summary>
    /// Takes the loop from this worker while it executes a call and gives it to <paramref name="follower"/>. Called by the
    /// call itself or by the monitor; one of them wins.
    /// </summary>
    public bool TryDetach(Worker follower)
    {
        if (Interlocked.CompareExchange(ref phase, HandingOver, Executing) != Executing)
            return false;
        var held = channel!;
        // one reference for the call that goes on alone, one for the worker that goes on with the channel
        held.AddReference();
        held.AddReference();
        ownInput = held.Detach();
        Server.Counters.CountHandOver();
        follower.Promote(held.Loop, held);
        // last: from here on the call may end, and its thread must find that it leads no more
        Volatile.Write(ref phase, Detached);
        return true;
    }

    private void FinishAlone()
    {
        channel!.Flush(this);
        if (ownInput is { } input)
            Server.Buffers.Return(input);
        ownInput = null;
        Volatile.Write(ref phase, Outside);
        channel.CallFinished();
        channel.Release();
    }

    public override void EnsureRoom(ref XdrWriter reply, int bytes)
    {
        if (reply.Room >= bytes)
            return;
        int position = reply.Position;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(AcceptedHead + position + bytes, MaxReply, nameof(bytes));
        EnsureOutput(replyStart + AcceptedHead + position + bytes);
        reply = new XdrWriter(ReplyRoom[AcceptedHead..], position);
    }

    private void EnsureOutput(int size)
    {
        if (output.Size < size)
            output.Grow((int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)size), output.Size);
    }

    public override int BeginSplice(int fileDescriptor, ulong offset, int count)
    {
        if (!channel!.CanSplice || count < SpliceFrom || held is not null)
            return -Errno.EOPNOTSUPP;
        DiscardResult();
        int moved = pipe.Fill(fileDescriptor, offset, count);
        if (moved > 0)
            spliced = moved;
        return moved;
    }

    public override void FinishSplice()
    {
        // the bytes are in the pipe and leave behind the head when the reply is sent
    }

    private static int Padded(int length) => (length + 3) & ~3;

    protected override void ReplyArrived(uint xid, ReadOnlySpan<byte> message) => channel!.ReplyArrived(xid, message);

    protected override void DiscardResult()
    {
        if (spliced > 0)
            pipe.Reset();
        spliced = 0;
    }

    public void Bind(Transport transport, NetAddress local, ushort localPort, NetAddress peer, ushort peerPort)
    {
        (Transport, LocalAddress, LocalPort, PeerAddress, PeerPort) = (transport, local, localPort, peer, peerPort);
    }
}
