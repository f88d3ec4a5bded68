namespace NfsdCtl.State.Release;

/// <summary>What to release. Parts that are not given select everything; those given must all match.</summary>
public readonly record struct ReleaseSelector
{
    /// <summary>A server address, or any.</summary>
    public NetAddress Server { get; init; }

    public FsId FileSystem { get; init; }

    /// <summary>A client address, or any.</summary>
    public NetAddress Client { get; init; }

    /// <summary>Only what came in through one of these exports; null for all.</summary>
    public IReadOnlySet<uint>? ExportTags { get; init; }

    public static ReleaseSelector Address(NetAddress server) => new() { Server = server };

    public static ReleaseSelector Of(FsId fileSystem) => new() { FileSystem = fileSystem };
}

/// <summary>What a release took, exactly.</summary>
/// <param name="Clients">Hosts that lost anything.</param>
public readonly record struct ReleaseCounts(long Locks, long Waiters, long Shares, int Clients)
{
    public static ReleaseCounts operator +(ReleaseCounts a, ReleaseCounts b) =>
        new(a.Locks + b.Locks, a.Waiters + b.Waiters, a.Shares + b.Shares, a.Clients + b.Clients);
}

/// <summary>Releases by an administrator, and the sweep behind them.</summary>
public sealed class ReleaseTable
{
    /// <summary>
    /// Drops everything selected at once, however much it is; the table is swept in slices by later gate entries, and those who
    /// waited behind it are granted by them. The same clients may lock anew right away. Effects: NoteHeld for each client.
    /// </summary>
    /// <param name="dryRun">Only count.</param>
    public ReleaseCounts Release(in GateScope gate, in ReleaseSelector selector, bool dryRun) => throw new NotImplementedException();

    /// <summary>True while slices of a release are left; the gate is due at once.</summary>
    public bool SweepPending(in GateScope gate) => throw new NotImplementedException();

    /// <summary>A call came in through this server address (noted once per connection or sender).</summary>
    public void NoteServed(in GateScope gate, NetAddress server) => throw new NotImplementedException();

    /// <summary>Whether any call ever came in through this address.</summary>
    public bool WasServed(in GateScope gate, NetAddress server) => throw new NotImplementedException();
}
