namespace NfsdCtl.State.Locks;

internal enum WaiterPhase : byte
{
    /// <summary>Not in use.</summary>
    Free,

    /// <summary>Others hold or wait before it.</summary>
    Waiting,

    /// <summary>A local program holds what it wants; it is tried again later.</summary>
    LocalBlocked,

    /// <summary>Reserved; the thread that asked takes the kernel's lock and will answer the client itself.</summary>
    Asking,

    /// <summary>Reserved; the kernel's lock is being taken for it (effect TryLocal).</summary>
    Trying,

    /// <summary>Reserved; GRANTED is on its way.</summary>
    Granting,
}

/// <summary>A request that is not decided yet. Reused; found by <see cref="Id"/>.</summary>
internal sealed class Waiter(ServerState state) : Timed
{
    private readonly byte[] handle = new byte[LockTable.MaxNfsHandle];
    private int handleLength;

    public long Id { get; set; }

    public WaiterPhase Phase { get; set; }

    public int File { get; set; }

    public int Owner { get; set; }

    public Clients.Seat Seat { get; set; } = null!;

    public LockRange Range { get; set; }

    public LockKind Kind { get; set; }

    public bool Block { get; set; }

    public bool Reclaim { get; set; }

    public bool LocalLocks { get; set; }

    /// <summary>It may pass earlier waiters, because waiting behind them would never end.</summary>
    public bool Exempt { get; set; }

    public int Reservation { get; set; }

    public int Attempts { get; set; }

    public uint ProtocolTag { get; set; }

    public long Began { get; set; }

    /// <summary>An NFSv4 client asked for it again last then; a timestamp.</summary>
    public long Polled { get; set; }

    /// <summary>It keeps its place until then, a timestamp, unless it is asked for again; never for NLM, whose clients do not poll.</summary>
    public long PollEnds { get; set; }

    /// <summary>True while it is in the queue of its file.</summary>
    public bool Queued { get; set; }

    public Waiter? Next { get; set; }

    public Waiter? Previous { get; set; }

    public Waiter? SeatNext { get; set; }

    public Waiter? SeatPrevious { get; set; }

    public Waiter? OwnerNext { get; set; }

    public ReadOnlySpan<byte> Handle => handle.AsSpan(0, handleLength);

    /// <summary>It waits, and others that come later wait behind it.</summary>
    public bool Waits => Phase is WaiterPhase.Waiting or WaiterPhase.LocalBlocked && !Seat.Dead;

    public void SetHandle(ReadOnlySpan<byte> value)
    {
        handleLength = Math.Min(value.Length, handle.Length);
        value[..handleLength].CopyTo(handle);
    }

    public override void Fire(in GateScope gate) => state.Locks.WaiterDue(this);
}
