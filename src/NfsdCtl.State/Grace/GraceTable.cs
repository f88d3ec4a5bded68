using NfsdCtl.State.Clients;
using NfsdCtl.State.Records;
using NfsdCtl.State.Reports;

namespace NfsdCtl.State.Grace;

public enum OpenOutcome : byte
{
    /// <summary>A new window; it admits reclaims once it is on disk.</summary>
    Opened,

    /// <summary>There was one: its end is the later of both.</summary>
    Extended,

    /// <summary>The end of the one that was there is on its way to the disk: ask again.</summary>
    Ending,

    /// <summary><see cref="StateOptions.MaxWindows"/> are open.</summary>
    TooMany,
}

/// <param name="Scope">Either part may be "any".</param>
/// <param name="AnyoneMayReclaim">No record came along: every client may reclaim.</param>
/// <param name="Persisted">It is on disk already (it was open when the server stopped): no effect PersistWindow.</param>
public readonly record struct WindowRequest(Scope Scope, TimeSpan Duration, string Reason, bool AnyoneMayReclaim, bool Persisted)
{
    /// <summary>
    /// Its end waits while reclaims go on coming, for at most as long again: the kernel's server does so (clients_still_reclaiming). Not where an
    /// administrator said when it ends.
    /// </summary>
    public bool IsPatient { get; init; }
}

/// <summary>A window as it is to be on disk: it ends so much later than now.</summary>
public readonly record struct WindowStart(TimeSpan Left, string Reason, bool AnyoneMayReclaim);

/// <summary>A scope whose window ends, the clients whose records go with it, and those that had not finished.</summary>
public readonly record struct EndedScope(Scope Scope, IReadOnlyList<ClientName> Gone, IReadOnlyList<ClientName> Forfeited);

/// <summary>One window. Its due time is its end, or the next attempt to write that.</summary>
internal sealed class Window(ServerState state, long id, in WindowRequest request) : Timed
{
    public long Id { get; } = id;

    public Scope Scope { get; } = request.Scope;

    public string Reason { get; } = request.Reason;

    public bool Anyone { get; } = request.AnyoneMayReclaim;

    /// <summary>How much longer it may last while clients reclaim.</summary>
    public TimeSpan Patience { get; } = request.IsPatient ? request.Duration : TimeSpan.Zero;

    /// <summary>Its end at the latest.</summary>
    public long Latest { get; set; }

    public WindowPhase Phase { get; set; } = WindowPhase.Opening;

    /// <summary>Whose reclaims have ended; the window ends when all have.</summary>
    public Reclaimers Over { get; set; }

    /// <summary>It ends as if it had not been opened: nobody's record goes with it.</summary>
    public bool Withdrawn { get; set; }

    public long Deadline { get; set; }

    /// <summary>The end that is on its way to the disk.</summary>
    public long NextDeadline { get; set; }

    public override void Fire(in GateScope gate) => state.Grace.WindowDue(this);
}

/// <summary>
/// The grace windows: {server or any, filesystem or any, who may reclaim, end}. Boot grace is (any, any); resume_ip opens
/// (server, filesystem). A window passes through: on its way to the disk (new locks wait already, reclaims are not admitted yet),
/// open, its end on its way to the disk (new locks still wait), gone. RFC 8881 §8.4.3: its end is on disk before the first new lock.
/// </summary>
public sealed class GraceTable
{
    private readonly ServerState state;
    private readonly List<Window> windows = [];
    private long lastId;
    private long version;
    private bool mayBeComplete;

    internal GraceTable(ServerState state) => this.state = state;

    internal IReadOnlyList<Window> Windows => windows;

    /// <summary>
    /// Opens or extends a window. Effects: PersistWindow unless it is persisted; NotifyClients once it is on disk. The scope's records
    /// are to be loaded before (<see cref="ClientTable.Load"/>): a window of which no known client is missing ends at once.
    /// </summary>
    public OpenOutcome Open(in GateScope gate, in WindowRequest request, out long id)
    {
        long deadline = state.After(request.Duration);
        if (Find(request.Scope) is { } there)
        {
            id = there.Id;
            if (there.Phase == WindowPhase.Ending)
                return OpenOutcome.Ending;
            there.NextDeadline = Math.Max(deadline, Math.Max(there.Deadline, there.NextDeadline));
            Persist(gate, there, request.Persisted);
            return OpenOutcome.Extended;
        }
        id = 0;
        if (windows.Count >= state.Options.MaxWindows)
            return OpenOutcome.TooMany;
        var window = new Window(state, ++lastId, request) { NextDeadline = deadline };
        id = window.Id;
        windows.Add(window);
        version++;
        Persist(gate, window, request.Persisted);
        return OpenOutcome.Opened;
    }

    /// <summary>What to write for an effect PersistWindow. False when the window is gone.</summary>
    public bool TryCopyStart(in GateScope gate, long id, out WindowStart start)
    {
        var window = Find(id);
        start = window is null ? default : new WindowStart(state.Until(window.NextDeadline), window.Reason, window.Anyone);
        return window is not null;
    }

    /// <summary>The window is on disk, or could not be written: then it is as if <see cref="Open"/> had not been called.</summary>
    public void WindowPersisted(in GateScope gate, long id, bool durable)
    {
        if (Find(id) is not { Phase: not WindowPhase.Ending } window)
            return;
        if (!durable)
        {
            window.NextDeadline = window.Deadline;
            if (window.Phase == WindowPhase.Opening)
                Remove(gate, window);
            return;
        }
        window.Deadline = window.NextDeadline;
        window.Latest = state.After(state.Until(window.Deadline) + window.Patience);
        state.Agenda.Set(window, window.Deadline);
        if (window.Phase == WindowPhase.Open)
            return;
        window.Phase = WindowPhase.Open;
        version++;
        state.Add(new Effect(EffectKind.NotifyClients, window.Id, Scope: window.Scope));
        mayBeComplete = true;
        EndComplete(gate);
    }

    /// <summary>
    /// Ends the reclaims of some clients in exactly this window; when those of all have ended its own end begins (effect PersistWindowEnd), and
    /// what could not be written is written again. False when there is no such window, or it is over for them.
    /// </summary>
    public bool End(in GateScope gate, Scope scope, Reclaimers whose = Reclaimers.All)
    {
        if (!Exists(gate, scope, whose))
            return false;
        var window = Find(scope)!;
        window.Over |= whose;
        version++;
        mayBeComplete = true;
        if (window.Over == Reclaimers.All)
            BeginEnd(window);
        else
            EndComplete(gate);
        return true;
    }

    /// <summary>Begins the end of all windows and returns their number.</summary>
    public int EndAll(in GateScope gate)
    {
        foreach (var window in windows)
            BeginEnd(window);
        return windows.Count;
    }

    /// <summary>Takes back a window that was opened a moment ago: who may reclaim may still do so in the next one.</summary>
    public void Withdraw(in GateScope gate, long id)
    {
        if (Find(id) is not { Phase: not WindowPhase.Ending } window)
            return;
        window.Withdrawn = true;
        BeginEnd(window);
    }

    /// <summary>What to write for an effect PersistWindowEnd: each scope that ends and the clients that did not come back.</summary>
    public void CopyEnd(in GateScope gate, long id, List<EndedScope> into)
    {
        if (Find(id) is not { Phase: WindowPhase.Ending } window)
            return;
        foreach (var scope in state.Hosts.Scopes)
        {
            if (!EndsWith(window, scope.Scope))
                continue;
            into.Add(window.Withdrawn ? new EndedScope(scope.Scope, [], []) : new EndedScope(scope.Scope, Names(scope, IsGone), Names(scope, IsUnfinished)));
        }
        bool concrete = !window.Scope.Server.IsWildcard && !window.Scope.FileSystem.IsAny;
        if (concrete && state.Hosts.FindScope(window.Scope) is null)
            into.Add(new EndedScope(window.Scope, [], []));
    }

    /// <summary>The end is on disk: the window is gone, and those who waited are granted. Otherwise it is tried again later.</summary>
    public void WindowEndPersisted(in GateScope gate, long id, bool durable)
    {
        if (Find(id) is not { Phase: WindowPhase.Ending } window)
            return;
        if (!durable)
        {
            state.Agenda.Set(window, state.After(state.Options.PersistRetry));
            return;
        }
        foreach (var scope in state.Hosts.Scopes)
        {
            if (window.Withdrawn || !EndsWith(window, scope.Scope))
                continue;
            foreach (var entry in scope.Entries)
            {
                if (IsGone(entry))
                    entry.Durable = false;
                bool unfinished = IsUnfinished(entry);
                entry.EndReclaim();
                if (!unfinished)
                    continue;
                entry.Forfeit();
                state.Clients.Acknowledge(entry);
            }
        }
        Remove(gate, window);
    }

    /// <summary>One question, one answer, used in the same gate entry.</summary>
    public Admission Admit(in GateScope gate, Scope scope, RequestKind kind, in Caller caller)
    {
        ClientEntry? known = null;
        if (state.Hosts.Find(caller) is { } host)
            known = host.Entries.Find(e => e.Scope.Scope == scope);
        return Admit(known?.Scope ?? state.Hosts.ScopeOf(scope), known, kind);
    }

    /// <summary>True while a window of exactly this scope goes on for any of them, or its end is not yet on disk.</summary>
    public bool Exists(in GateScope gate, Scope scope, Reclaimers whose = Reclaimers.All) =>
        Find(scope) is { } window && (window.Phase == WindowPhase.Ending || (window.Over & whose) != whose);

    internal Admission Admit(ClientEntry entry, RequestKind kind) => Admit(entry.Scope, entry, kind);

    internal Admission Admit(ScopeState scope, ClientEntry? entry, RequestKind kind)
    {
        if (windows.Count == 0)
            return kind is RequestKind.ReclaimLock or RequestKind.ReclaimShare or RequestKind.Nfs4Reclaim ? Admission.NoGrace : Admission.Normal;
        var verdict = VerdictOf(scope);
        var admission = Decide(verdict, entry, kind);
        if (admission is Admission.Reclaim or Admission.ReclaimUnrecorded)
            scope.LastReclaim = state.Now;
        return admission;
    }

    private static Admission Decide(Verdict verdict, ClientEntry? entry, RequestKind kind) =>
        kind switch
        {
            RequestKind.Io or RequestKind.UnlockKnown => Admission.Normal,
            RequestKind.NewLock or RequestKind.Nfs4New or RequestKind.UnlockUnknown => verdict.InGrace ? Admission.Grace : Admission.Normal,
            RequestKind.ReclaimLock => AdmitReclaim(verdict, Reclaimers.Nlm, entry),
            RequestKind.Nfs4Reclaim => AdmitReclaim(verdict, Reclaimers.Nfs4, entry),
            RequestKind.ReclaimShare => (verdict.Reclaims & Reclaimers.Nlm) != 0 ? Admission.Reclaim : NoReclaim(verdict),
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };

    internal Verdict VerdictOf(ScopeState scope)
    {
        if (scope.VerdictVersion == version)
            return scope.Verdict;
        var verdict = default(Verdict);
        foreach (var window in windows)
        {
            if (!window.Scope.FileSystem.IsAny && window.Scope.FileSystem != scope.Scope.FileSystem)
                continue;
            bool here = window.Scope.Covers(scope.Scope);
            verdict = new Verdict(
                true,
                verdict.Reclaims | (here && window.Phase == WindowPhase.Open ? Reclaimers.All & ~window.Over : Reclaimers.None),
                verdict.Anyone || (here && window is { Phase: WindowPhase.Open, Anyone: true }),
                verdict.Opening || (here && window.Phase == WindowPhase.Opening),
                verdict.Elsewhere || !here);
        }
        scope.Verdict = verdict;
        scope.VerdictVersion = version;
        return verdict;
    }

    /// <summary>A client is not missing any more: a window may end early.</summary>
    internal void NoteComplete() => mayBeComplete = true;

    /// <summary>Begins the end of windows whose known clients are all done.</summary>
    internal void EndComplete(in GateScope gate)
    {
        if (!mayBeComplete)
            return;
        mayBeComplete = false;
        foreach (var window in windows)
        {
            if (window is { Phase: WindowPhase.Open, Anyone: false } && IsComplete(window))
                EndSettled(window);
        }
    }

    internal void Unload(in GateScope gate, FsId fileSystem)
    {
        foreach (var window in windows.FindAll(w => w.Scope.FileSystem == fileSystem))
            Remove(gate, window);
    }

    internal void WindowDue(Window window)
    {
        if (window.Phase == WindowPhase.Open && state.Now < window.Deadline)
            Review(window);
        else if (window.Phase != WindowPhase.Ending && state.Now < window.Latest && IsReclaimed(window))
            Prolong(window);
        else
            BeginEnd(window);
    }

    /// <summary>It was looked at before its time, because its clients seemed to be done.</summary>
    private void Review(Window window)
    {
        state.Agenda.Set(window, window.Deadline);
        if (!window.Anyone && IsComplete(window))
            EndSettled(window);
    }

    /// <summary>
    /// Ends a window of which no known client is missing. A client of NFSv4.0 counts its opens otherwise than the server: it reclaims one that it has
    /// for reading and for writing in two steps. Such a one is done when it has not reclaimed for a moment.
    /// </summary>
    private void EndSettled(Window window)
    {
        long settled = 0;
        foreach (var scope in state.Hosts.Scopes)
        {
            if (scope.LastReclaim is { } last && window.Scope.Covers(scope.Scope) && scope.Entries.Exists(IsCounted))
                settled = Math.Max(settled, state.After(state.Options.ReclaimPause - state.Since(last)));
        }
        if (settled > state.Now)
            state.Agenda.Set(window, Math.Min(settled, window.Deadline));
        else
            BeginEnd(window);
    }

    private static bool IsCounted(ClientEntry entry) => entry is { MayReclaim: true, Reclaimed: not 0 } && entry.Host.Nfs4 is { MinorVersion: 0 };

    /// <summary>A client reclaimed a moment ago: there may be more to come.</summary>
    private bool IsReclaimed(Window window) =>
        state.Hosts.Scopes.Any(s => s.LastReclaim is { } last && window.Scope.Covers(s.Scope) && state.Since(last) <= state.Options.ReclaimPause);

    private void Prolong(Window window)
    {
        window.Deadline = window.NextDeadline = Math.Min(state.After(state.Options.ReclaimPause), window.Latest);
        state.Agenda.Set(window, window.Deadline);
    }

    private bool IsComplete(Window window)
    {
        foreach (var scope in state.Hosts.Scopes)
        {
            if (scope.Missing == 0 || !window.Scope.Covers(scope.Scope))
                continue;
            if (window.Over == Reclaimers.None || scope.Entries.Exists(e => e.Missing && (e.Host.Name.Kind & window.Over) == 0))
                return false;
        }
        return !IsAwaited(window.Scope.FileSystem);
    }

    /// <summary>
    /// The filesystem came with clients of a server address that has had no window yet, and is about to come too: while it lasts, this window keeps for
    /// them what they held, as nobody knows which files that is. Afterwards whoever takes something new ends their rights.
    /// </summary>
    private bool IsAwaited(FsId fileSystem)
    {
        if (state.Clients.Unsettled == 0 || fileSystem.IsAny)
            return false;
        foreach (var scope in state.Hosts.Scopes)
        {
            if (scope.Unsettled != 0 && scope.Scope.FileSystem == fileSystem && !windows.Exists(w => w.Scope.Covers(scope.Scope)))
                return true;
        }
        return false;
    }

    private static Admission AdmitReclaim(Verdict verdict, Reclaimers kind, ClientEntry? entry)
    {
        if ((verdict.Reclaims & kind) == 0)
            return NoReclaim(verdict);
        if (entry is { Forfeited: true })
            return Admission.NotReclaimable;
        if (entry is { Durable: true } and ({ MayReclaim: true } or { Held: > 0 }))
            return Admission.Reclaim;
        return verdict.Anyone ? Admission.ReclaimUnrecorded : Admission.NotReclaimable;
    }

    private static Admission NoReclaim(Verdict verdict) =>
        verdict.Opening ? Admission.Grace : verdict.Elsewhere ? Admission.NotReclaimable : Admission.NoGrace;

    private void Persist(in GateScope gate, Window window, bool persisted)
    {
        if (persisted)
            WindowPersisted(gate, window.Id, true);
        else
            state.Add(new Effect(EffectKind.PersistWindow, window.Id, Scope: window.Scope));
    }

    private void BeginEnd(Window window)
    {
        if (window.Phase != WindowPhase.Ending)
            version++;
        window.Phase = WindowPhase.Ending;
        // Should the effect be lost, the end is asked for again.
        state.Agenda.Set(window, state.After(state.Options.GrantAnswerWait));
        state.Add(new Effect(EffectKind.PersistWindowEnd, window.Id, Scope: window.Scope));
    }

    private void Remove(in GateScope gate, Window window)
    {
        window.Due = Timed.Never;
        windows.Remove(window);
        version++;
        state.Locks.EvaluateAll(gate, window.Scope.FileSystem);
    }

    /// <summary>Its reclaims end with this window: no other one goes on for it.</summary>
    private bool EndsWith(Window window, Scope scope) =>
        window.Scope.Covers(scope) && !windows.Exists(w => w != window && w.Phase != WindowPhase.Ending && w.Scope.Covers(scope));

    /// <summary>It had something to come back for and did not.</summary>
    private static bool IsGone(ClientEntry entry) => entry is { Durable: true, MayReclaim: true, Held: 0, Reclaimed: 0 };

    /// <summary>
    /// It came back for a part of what it had, and never said that this was all (RECLAIM_COMPLETE): what it did not reclaim may go to others from now
    /// on, so it must not come for it after another restart (RFC 8881 §8.4.3). Other clients have no way to say so, and what they left may be what
    /// they gave up meanwhile.
    /// </summary>
    private static bool IsUnfinished(ClientEntry entry) =>
        entry is { Durable: true, MayReclaim: true } and ({ Held: not 0 } or { Reclaimed: not 0 }) && entry.Host.Nfs4 is { MinorVersion: not 0 };

    private static List<ClientName> Names(ScopeState scope, Predicate<ClientEntry> which) => scope.Entries.FindAll(which).ConvertAll(e => e.Host.Name);

    private Window? Find(Scope scope) => windows.Find(w => w.Scope == scope);

    private Window? Find(long id) => windows.Find(w => w.Id == id);
}
