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
    private const int Detached = 2;

    private readonly NativeBuffer output = NativeBuffer.Create(FirstRoom);
    private readonly Signal signal = new();
    private SplicePipe pipe = new();
    private readonly Thread thread;
    private Loop? loop;
    private Channel? resume;
    private Channel? channel;
    private NativeBuffer? ownInput;
    private int resultStart;
    private int pendingStart;
    private int pendingEnd;
    private int spliced;
    private int phase;

    public Worker(RpcServer server, int number)
    {
        Server = server;
        thread = new Thread(Run, 512 * 1024) { Name = $"rpc-{number}", IsBackground = true };
    }

    public RpcServer Server { get; }

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
        EnsureOutput(start + mark + AcceptedHead + DefaultRoom);
        Sequence++;
        Volatile.Write(ref phase, Executing);
        int length = Answer(record, programs, start + mark);
        if (length > 0)
        {
            from.Mark(output.Span[start..], length + Padded(spliced));
            pendingEnd = start + mark + length;
            if (spliced > 0)
                from.Flush(this);
        }
        bool alone = Interlocked.CompareExchange(ref phase, Outside, Executing) == Detached;
        if (alone)
            FinishAlone();
        return !alone;
    }

    private int Answer(ReadOnlySpan<byte> record, RpcProgram[] programs, int at)
    {
        var arguments = new XdrReader(record);
        if (!TryParse(ref arguments, out var rejection))
            return 0;
        if (rejection is { } why)
            return WriteRejection(output.Span[at..], why);
        resultStart = at + AcceptedHead;
        var reply = new XdrWriter(output.Span[resultStart..]);
        var status = Dispatch(programs, ref arguments, ref reply, Server.Report);
        Server.Counters.CountCall();
        if (status == AcceptStatus.Drop)
            return 0;
        if (status != AcceptStatus.Success)
        {
            DiscardSplice();
            return WriteStatus(output.Span[at..], status);
        }
        WriteAccepted(output.Span[at..], Xid);
        return AcceptedHead + reply.Position;
    }

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
        if (Interlocked.CompareExchange(ref phase, Detached, Executing) != Executing)
            return false;
        var held = channel!;
        // one reference for the call that goes on alone, one for the worker that goes on with the channel
        held.AddReference();
        held.AddReference();
        ownInput = held.Detach();
        Server.Counters.CountHandOver();
        follower.Promote(held.Loop, held);
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
        EnsureOutput(resultStart + position + bytes);
        reply = new XdrWriter(output.Span[resultStart..], position);
    }

    private void EnsureOutput(int size)
    {
        if (output.Size < size)
            output.Grow((int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)size), output.Size);
    }

    public override int BeginSplice(int fileDescriptor, ulong offset, int count)
    {
        if (!channel!.CanSplice || count < SpliceFrom)
            return -Errno.EOPNOTSUPP;
        DiscardSplice();
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

    private void DiscardSplice()
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
