using NfsdCtl.State.Records;

namespace NfsdCtl.State.Grace;

/// <summary>What a request wants, as far as grace windows care (admin-files: "what each request gets").</summary>
public enum RequestKind : byte
{
    /// <summary>NLM LOCK with reclaim.</summary>
    ReclaimLock,

    /// <summary>NLM SHARE with reclaim: no record is asked for, as shares are not monitored.</summary>
    ReclaimShare,

    /// <summary>NLM LOCK, NM_LOCK, TEST, SHARE.</summary>
    NewLock,

    /// <summary>NLM UNLOCK, UNSHARE, CANCEL by an owner that holds nothing of this life.</summary>
    UnlockUnknown,

    /// <summary>NLM UNLOCK, UNSHARE, CANCEL by an owner that reclaimed or took a lock in this life.</summary>
    UnlockKnown,

    /// <summary>NFSv4 OPEN CLAIM_PREVIOUS, LOCK with reclaim.</summary>
    Nfs4Reclaim,

    /// <summary>NFSv4 OPEN, LOCK, LOCKT, REMOVE, RENAME, I/O under a special stateid.</summary>
    Nfs4New,

    /// <summary>NFSv4 I/O with a valid stateid, CLOSE, LOCKU, LOOKUP; all NFSv3 I/O.</summary>
    Io,
}

/// <summary>The answer of <see cref="GraceTable.Admit"/>.</summary>
public enum Admission : byte
{
    /// <summary>No window concerns it.</summary>
    Normal,

    /// <summary>A reclaim of a known client.</summary>
    Reclaim,

    /// <summary>A reclaim of a client of which no record came along; granted, with a warning.</summary>
    ReclaimUnrecorded,

    /// <summary>Not during the grace period.</summary>
    Grace,

    /// <summary>A reclaim through another address, or by a client that is not known or forfeited its right.</summary>
    NotReclaimable,

    /// <summary>A reclaim and no window.</summary>
    NoGrace,
}

public enum OpenOutcome : byte
{
    /// <summary>A new window; it admits reclaims once it is on disk.</summary>
    Opened,

    /// <summary>There was one: its end is the later of both.</summary>
    Extended,

    /// <summary><see cref="StateOptions.MaxWindows"/> are open.</summary>
    TooMany,
}

/// <param name="Scope">Either part may be "any".</param>
/// <param name="AnyoneMayReclaim">No record came along: every client may reclaim.</param>
/// <param name="Persisted">It is on disk already (it was open when the server stopped): no effect PersistWindow.</param>
public readonly record struct WindowRequest(Scope Scope, TimeSpan Duration, string Reason, bool AnyoneMayReclaim, bool Persisted);

/// <summary>
/// The grace windows: {server or any, filesystem or any, who may reclaim, end}. Boot grace is (any, any); resume_ip opens
/// (server, filesystem). A window passes through: on its way to the disk (new locks wait already, reclaims are not admitted yet),
/// open, its end on its way to the disk (new locks still wait), gone.
/// </summary>
public sealed class GraceTable
{
    /// <summary>Opens or extends a window. Effects: PersistWindow unless persisted; NotifyClients once it is on disk.</summary>
    public OpenOutcome Open(in GateScope gate, in WindowRequest request, out long id) => throw new NotImplementedException();

    /// <summary>The window is on disk, or could not be written: then it is as if <see cref="Open"/> had not been called.</summary>
    public void WindowPersisted(in GateScope gate, long id, bool durable) => throw new NotImplementedException();

    /// <summary>Begins the end of exactly this window (effect PersistWindowEnd). False when there is none.</summary>
    public bool End(in GateScope gate, Scope scope) => throw new NotImplementedException();

    /// <summary>Begins the end of all windows and returns their number.</summary>
    public int EndAll(in GateScope gate) => throw new NotImplementedException();

    /// <summary>What to write for an effect PersistWindowEnd: each scope that ends and the clients that did not come back.</summary>
    public void CopyEnd(in GateScope gate, long id, List<EndedScope> into) => throw new NotImplementedException();

    /// <summary>The end is on disk: the window is gone. Otherwise it is tried again later.</summary>
    public void WindowEndPersisted(in GateScope gate, long id, bool durable) => throw new NotImplementedException();

    /// <summary>One question, one answer, used in the same gate entry.</summary>
    public Admission Admit(in GateScope gate, Scope scope, RequestKind kind, in Caller caller) => throw new NotImplementedException();

    /// <summary>True while a window of exactly this scope exists, its end not yet on disk.</summary>
    public bool Exists(in GateScope gate, Scope scope) => throw new NotImplementedException();
}

/// <summary>A scope whose window ends, and the clients whose records go with it.</summary>
public readonly record struct EndedScope(Scope Scope, IReadOnlyList<ClientName> Gone);
