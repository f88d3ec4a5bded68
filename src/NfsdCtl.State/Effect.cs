using System.Runtime.InteropServices;
using NfsdCtl.State.Locks;
using NfsdCtl.State.Records;

namespace NfsdCtl.State;

/// <summary>What is to be done outside of the gate because of what was decided inside.</summary>
public enum EffectKind : byte
{
    /// <summary>
    /// Send GRANTED for the waiter <see cref="Effect.Id"/> (details by <see cref="Locks.LockTable.TryGetGrant"/>), then report
    /// by <see cref="Locks.LockTable.GrantAnswered"/>.
    /// </summary>
    GrantWaiter,

    /// <summary>
    /// The waiter <see cref="Effect.Id"/> could have its lock: take the kernel's lock for local programs on
    /// <see cref="Effect.File"/> without waiting, then <see cref="Locks.LockTable.ConfirmLocal"/> or
    /// <see cref="Locks.LockTable.WithdrawLocal"/>.
    /// </summary>
    TryLocal,

    /// <summary>
    /// The locks of <see cref="Effect.File"/> changed somewhere in <see cref="Effect.Range"/>: bring the kernel's locks for local
    /// programs in line there.
    /// </summary>
    CoverLocally,

    /// <summary>
    /// No state is left on <see cref="Effect.File"/>: its descriptor for local locks may be closed, and the file layer need not keep it for
    /// those who had it open.
    /// </summary>
    FileIdle,

    /// <summary>
    /// Durable: write that <see cref="Effect.Client"/> forfeits its reclaims in <see cref="Effect.Scope"/>, then
    /// <see cref="Clients.ClientTable.Recorded"/> with <see cref="Effect.Need"/>; a waiter is granted after it.
    /// </summary>
    Forfeit,

    /// <summary>
    /// Durable: <see cref="Effect.Client"/> has been told of what it forfeited in <see cref="Effect.Scope"/> and holds something there; then
    /// <see cref="Clients.ClientTable.Recorded"/> with <see cref="Effect.Need"/>.
    /// </summary>
    Acknowledge,

    /// <summary>
    /// Durable: remove the record of <see cref="Effect.Client"/> in <see cref="Effect.Scope"/>, then
    /// <see cref="Clients.ClientTable.Forgotten"/> with <see cref="Effect.Id"/>.
    /// </summary>
    ForgetClient,

    /// <summary>
    /// Durable, as far as the disk is still there: <see cref="Effect.Client"/> held <see cref="Effect.Value"/> lock ranges in
    /// <see cref="Effect.Scope"/> when it was released.
    /// </summary>
    NoteHeld,

    /// <summary>
    /// Durable: write the window <see cref="Effect.Id"/> of <see cref="Effect.Scope"/>, as <see cref="Grace.GraceTable.TryCopyStart"/> has
    /// it, then <see cref="Grace.GraceTable.WindowPersisted"/>.
    /// </summary>
    PersistWindow,

    /// <summary>
    /// Durable: write the end of the window <see cref="Effect.Id"/> for each scope of
    /// <see cref="Grace.GraceTable.CopyEnd"/>, then <see cref="Grace.GraceTable.WindowEndPersisted"/>.
    /// </summary>
    PersistWindowEnd,

    /// <summary>
    /// Durable, when <see cref="Clients.ClientTable.BeginRemoval"/> says so of <see cref="Effect.Need"/>: remove the record of
    /// <see cref="Effect.Client"/> in <see cref="Effect.Scope"/>, whose NFSv4 lease ran out and which is in somebody's way, then
    /// <see cref="Clients.ClientTable.Recorded"/> with it.
    /// </summary>
    ForgetExpired,

    /// <summary>
    /// Tell the NFSv4 client for whom a lock is kept now that it may come (CB_NOTIFY_LOCK): <see cref="Effect.Id"/> is the waiter, details by
    /// <see cref="Nfs4.LockStates.TryGetNotice"/>.
    /// </summary>
    NotifyLock,

    /// <summary>
    /// Tell an NFSv4 client how its copy ended (CB_OFFLOAD): details by <see cref="Nfs4.Offloads.TryGetNotice"/> for <see cref="Effect.Id"/>, then
    /// <see cref="Nfs4.Offloads.Told"/>.
    /// </summary>
    TellOffload,

    /// <summary>
    /// Send CB_NULL to the NFSv4.0 client <see cref="Effect.Id"/>, then <see cref="Nfs4.ClientIds.CallbackProbed"/>.
    /// </summary>
    ProbeCallback,

    /// <summary>Send SM_NOTIFY to the known clients of <see cref="Effect.Scope"/> from its server address.</summary>
    NotifyClients,
}

/// <summary>One effect. Fields that its kind does not name have no meaning.</summary>
public readonly record struct Effect(EffectKind Kind, long Id, FileKey File = default, Scope Scope = default, ClientName Client = default, long Value = 0, LockRange Range = default)
{
    /// <summary>
    /// The record to write, for <see cref="EffectKind.Forfeit"/>, <see cref="EffectKind.Acknowledge"/> and <see cref="EffectKind.ForgetExpired"/>.
    /// </summary>
    public RecordNeed Need => new(Id, NeedKind, Scope, Client, KnowsItsLoss: Kind == EffectKind.Acknowledge);

    private RecordNeedKind NeedKind => Kind switch
    {
        EffectKind.Forfeit => RecordNeedKind.Forfeit,
        EffectKind.Acknowledge => RecordNeedKind.Remember,
        _ => RecordNeedKind.Forget,
    };
}

/// <summary>What has to be on disk before a request can be granted.</summary>
public enum RecordNeedKind : byte
{
    None,

    /// <summary>The requesting client must be remembered in the scope.</summary>
    Remember,

    /// <summary>A client whose released lock the request conflicts with must lose its right to reclaim.</summary>
    Forfeit,

    /// <summary>
    /// An NFSv4 client whose lease ran out is in the way: its record must go before its state does (RFC 8881 §8.4.2.1).
    /// </summary>
    Forget,
}

/// <param name="Id">For <see cref="Clients.ClientTable.Recorded"/>.</param>
/// <param name="Forfeited">With Remember: the record must go on saying that the client forfeited its reclaims.</param>
/// <param name="KnowsItsLoss">With Remember: the client has been told of what it forfeited, and may reclaim what it takes from now on.</param>
public readonly record struct RecordNeed(long Id, RecordNeedKind Kind, Scope Scope, ClientName Client, bool Forfeited = false, bool KnowsItsLoss = false);

/// <summary>
/// Collects the effects of one or more gate entries; one per thread, reused, so that a steady state allocates nothing.
/// </summary>
public sealed class EffectList
{
    private readonly List<Effect> items = new(16);

    public int Count => items.Count;

    /// <summary>In the order in which they must be executed. Valid until the list is changed.</summary>
    public ReadOnlySpan<Effect> Items => CollectionsMarshal.AsSpan(items);

    /// <summary>
    /// When the gate next has something to do by itself, as of the last exit: a timestamp of the gate's
    /// <see cref="TimeProvider"/>, 0 for at once, or <see cref="long.MaxValue"/> for never. The host keeps one timer at the earliest.
    /// </summary>
    public long NextDue { get; internal set; } = long.MaxValue;

    public void Clear() => items.Clear();

    internal void Add(in Effect effect) => items.Add(effect);

    internal void AddOnce(EffectKind kind, in FileKey file, LockRange range)
    {
        var said = CollectionsMarshal.AsSpan(items);
        if (said.Length > 0 && said[^1].Kind == kind && said[^1].File == file)
            said[^1] = said[^1] with { Range = said[^1].Range.Union(range) };
        else
            items.Add(new Effect(kind, 0, file, Range: range));
    }
}
