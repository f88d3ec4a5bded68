namespace NfsdCtl.State.Nfs4;

/// <summary>A COPY that goes on after its answer.</summary>
public ref struct OffloadRequest
{
    public Nfs4Client Client;

    /// <summary>The slot of the call.</summary>
    public SlotCall Call;
    public FileKey Source;
    public FileKey Target;

    /// <summary>The exports through which the files were reached, for unlock_export.</summary>
    public uint SourceTag;
    public uint TargetTag;

    /// <summary>The target's filehandle, by which the client is told.</summary>
    public ReadOnlySpan<byte> Handle;

    /// <summary>As it was before the first byte was copied.</summary>
    public ulong WriteVerifier;
}

/// <summary>A request of a session: what a call-back refers to, so that it does not overtake the answer (RFC 8881 §2.10.6.3).</summary>
public readonly record struct SlotCall(SessionId Session, uint Slot, uint Sequence);

/// <summary>
/// An asynchronous copy (RFC 7862 §4.8). Owned by the state; who copies says how far it is, and stops when it is told to. Both without the gate.
/// </summary>
public sealed class Offload
{
    private readonly byte[] handle;
    private ulong copied;
    private volatile bool stopped;

    internal Offload(ServerState state, in OffloadRequest request, uint number)
    {
        handle = request.Handle.ToArray();
        Client = request.Client;
        Call = request.Call;
        Source = request.Source;
        Target = request.Target;
        SourceTag = request.SourceTag;
        TargetTag = request.TargetTag;
        WriteVerifier = request.WriteVerifier;
        StateId = new StateId(1, request.Client.Id, number);
        Timer = new OffloadTimer(state, this);
    }

    /// <summary>wr_callback_id. It never changes: a seqid other than its own is no good, 0 included.</summary>
    public StateId StateId { get; }

    /// <summary>The target's filehandle.</summary>
    public ReadOnlyMemory<byte> Handle => handle;

    public ulong WriteVerifier { get; }

    /// <summary>The COPY that started it.</summary>
    public SlotCall Call { get; }

    /// <summary>Bytes so far.</summary>
    public ulong Copied => Volatile.Read(ref copied);

    /// <summary>Nobody wants the rest any more.</summary>
    public bool IsStopped => stopped;

    internal Nfs4Client Client { get; }

    internal FileKey Source { get; }

    internal FileKey Target { get; }

    internal uint SourceTag { get; }

    internal uint TargetTag { get; }

    internal OffloadTimer Timer { get; }

    /// <summary>Who copies has not let go of the files yet.</summary>
    internal bool IsWorking { get; set; } = true;

    /// <summary>Its stateid means nothing any more.</summary>
    internal bool IsGone { get; set; }

    /// <summary>How it ended; null while it goes on.</summary>
    internal Nfs4Status? Result { get; set; }

    /// <summary>When nobody worked on it any more.</summary>
    internal long Ended { get; set; }

    /// <summary>CB_OFFLOAD is on its way over this session.</summary>
    internal Nfs4Session? ToldOver { get; set; }

    /// <summary>So many bytes are copied by now.</summary>
    public void Advance(ulong total) => Volatile.Write(ref copied, total);

    internal void Stop() => stopped = true;
}

/// <summary>What CB_OFFLOAD has to say.</summary>
/// <param name="Session">Over which it goes.</param>
/// <param name="Result">Ok, or why the rest is missing.</param>
public readonly record struct OffloadNotice(Nfs4Session Session, Offload Offload, Nfs4Status Result);

/// <summary>Tells a result again that did not arrive, and forgets one that nobody wants to know.</summary>
internal sealed class OffloadTimer(ServerState state, Offload offload) : Timed
{
    public override void Fire(in GateScope gate) => state.Nfs4.Offloads.Due(offload);
}
