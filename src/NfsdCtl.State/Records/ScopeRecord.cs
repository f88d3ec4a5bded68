using NfsdCtl.State.Grace;

namespace NfsdCtl.State.Records;

/// <summary>
/// Who a client is within a scope: its address and the caller_name of its NLM calls (XNFS chapter 14, LM_MAXSTRLEN 1024). A client of NFSv4 has
/// no address, as it may change that; its name is its owner string behind "4.0 " or "4.1 ".
/// </summary>
public readonly record struct ClientName(NetAddress Address, string CallerName)
{
    /// <summary>A client of NFSv4 is known by its name alone; it has no status monitor.</summary>
    public Reclaimers Kind => Address.IsWildcard ? Reclaimers.Nfs4 : Reclaimers.Nlm;

    public override string ToString() => Address.IsWildcard ? CallerName : $"{CallerName}@{Address}";
}

/// <summary>One client that may hold locks in a scope, and so is to be told of a restart and may reclaim.</summary>
public sealed record ClientRecord(ClientName Name)
{
    /// <summary>
    /// The state number that the client's own status monitor last told (odd: up); 0 when it never did.
    /// </summary>
    public uint State { get; init; }

    /// <summary>
    /// How many lock ranges it held when the scope was given up in an orderly way; null when that is unknown (after a crash).
    /// </summary>
    public long? Held { get; init; }

    /// <summary>It may not reclaim: another client was granted what it had held, or could have been.</summary>
    public bool Forfeited { get; init; }

    /// <summary>With Remember: it has been told of what it forfeited, and may reclaim what it takes from now on.</summary>
    public bool KnowsItsLoss { get; init; }
}

/// <summary>An open grace window as it is on disk.</summary>
/// <param name="AnyoneMayReclaim">No record had come along when it was opened.</param>
public sealed record WindowRecord(DateTimeOffset Deadline, string Reason, bool AnyoneMayReclaim = false);

/// <summary>All that is on disk of one scope.</summary>
public sealed record ScopeRecord
{
    public static ScopeRecord Empty { get; } = new();

    /// <summary>False when this scope never had a record: then any client may reclaim, with a warning.</summary>
    public bool Exists { get; init; }

    public IReadOnlyCollection<ClientRecord> Clients { get; init; } = [];

    /// <summary>Null when no window is open.</summary>
    public WindowRecord? Window { get; init; }

    /// <summary>The NSM state number of this scope; 0 before the first.</summary>
    public uint NsmState { get; init; }
}
