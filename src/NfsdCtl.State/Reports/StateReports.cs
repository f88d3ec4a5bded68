using NfsdCtl.State.Locks;
using NfsdCtl.State.Records;

namespace NfsdCtl.State.Reports;

/// <param name="OwnerHandle">oh.</param>
/// <param name="Age">Since the lock was granted, or the wait began.</param>
public sealed record LockInfo(
    FileKey File, LockRange Range, LockKind Kind, OwnerKind OwnerKind, ulong OwnerId, byte[] OwnerHandle, ClientName Client, NetAddress Server,
    TimeSpan Age);

/// <param name="Blockers">Holders in the way, at most 16.</param>
/// <param name="Behind">Earlier waiters in the way, at most 16.</param>
/// <param name="Granting">It has its lock and GRANTED is on its way.</param>
public sealed record WaiterInfo(long Id, LockInfo Wanted, IReadOnlyList<LockInfo> Blockers, IReadOnlyList<LockInfo> Behind, bool Granting);

/// <param name="Monitored">A durable record exists.</param>
public sealed record HostInfo(
    NetAddress Server, ClientName Client, bool Monitored, uint NsmState, long Locks, long Waiters, long Shares, TimeSpan Idle);

public enum WindowPhase : byte
{
    /// <summary>On its way to the disk.</summary>
    Opening,
    Open,

    /// <summary>Its end is on its way to the disk.</summary>
    Ending,
}

public sealed record WindowInfo(
    long Id, Scope Scope, string Reason, bool AnyoneMayReclaim, WindowPhase Phase, TimeSpan Left, IReadOnlyList<ClientName> Done,
    IReadOnlyList<ClientName> Missing);

/// <param name="Releases">How often it was released: its epoch.</param>
/// <param name="Records">Durable client records.</param>
public sealed record ScopeInfo(Scope Scope, bool InGrace, long Releases, long Records, long Locks, long Waiters, long Shares);

public readonly record struct StateCounts(long Locks, long Waiters, long Shares, int Hosts, int Files, int Owners, int Windows, int Scopes, long Unswept);

/// <summary>
/// Snapshots for people. Each method copies at most what its bound says in one gate entry; those with a cursor are called again,
/// in new gate entries, until they return false. A lock that exists all the while is listed exactly once; one that comes
/// or goes meanwhile may or may not be.
/// </summary>
public sealed class StateReports
{
    /// <summary>Looks at 4,096 slots of the table per call (well under a millisecond).</summary>
    public bool CopyLocks(in GateScope gate, ref int cursor, List<LockInfo> into) => throw new NotImplementedException();

    /// <summary>Looks at 256 waiters per call.</summary>
    public bool CopyWaiters(in GateScope gate, ref long cursor, List<WaiterInfo> into) => throw new NotImplementedException();

    /// <summary>All hosts (bounded by <see cref="StateOptions.MaxHosts"/>).</summary>
    public void CopyHosts(in GateScope gate, List<HostInfo> into) => throw new NotImplementedException();

    public void CopyWindows(in GateScope gate, List<WindowInfo> into) => throw new NotImplementedException();

    public void CopyScopes(in GateScope gate, List<ScopeInfo> into) => throw new NotImplementedException();

    /// <summary>Kept all the time; costs nothing.</summary>
    public StateCounts Counts(in GateScope gate) => throw new NotImplementedException();
}
