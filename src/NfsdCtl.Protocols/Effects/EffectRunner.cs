using System.Collections.Concurrent;
using NfsdCtl.Protocols.Local;
using NfsdCtl.Protocols.Nfs4.Callback;
using NfsdCtl.Protocols.Nlm;
using NfsdCtl.Protocols.Nsm;
using NfsdCtl.State;
using NfsdCtl.State.Clients;
using NfsdCtl.State.Grace;
using NfsdCtl.State.Locks;
using NfsdCtl.State.Records;
using NfsdCtl.Vfs;

namespace NfsdCtl.Protocols.Effects;

/// <summary>
/// Does what the state machines ask for, outside of the gate. What is quick is done at once on the thread that got it; what
/// writes to the disk is done by the runner's own thread, or at once for an administrator's order (<see cref="RunAll"/>),
/// whose answer says that it is done. The same thread enters the gate whenever it falls due.
/// </summary>
public sealed class EffectRunner : IDisposable
{
    /// <summary>Failures that are remembered as told.</summary>
    private const int MaxFailing = 1024;

    private readonly ServerState state;
    private readonly IScopeRecords records;
    private readonly LocalLocks localLocks;
    private readonly RebootNotifier notifier;
    private readonly TimeProvider time;
    private readonly Action<string> warn;
    private readonly ConcurrentQueue<Effect> durable = new();
    private readonly ManualResetEventSlim work = new();
    private readonly ITimer timer;
    private readonly Lock arming = new();
    private readonly EffectList own = new();
    private readonly HashSet<(EffectKind Kind, Scope Scope)> failing = [];
    private Thread? thread;
    private long armed = long.MaxValue;
    private volatile bool ended;

    /// <param name="warn">Told in one line what an administrator should know. Called on any thread.</param>
    public EffectRunner(
        ServerState state, IScopeRecords records, LocalLocks localLocks, GrantCaller grants, RebootNotifier notifier, TimeProvider time,
        Action<string> warn)
    {
        this.state = state;
        this.records = records;
        this.localLocks = localLocks;
        this.notifier = notifier;
        this.time = time;
        this.warn = warn;
        Grants = grants;
        grants.RunEffects = Run;
        Callbacks = new Nfs4Callbacks(state, grants.Peers) { RunEffects = Run };
        localLocks.Released += OnLocalRelease;
        localLocks.EffectsLeft += Run;
        timer = time.CreateTimer(_ => OnDue(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Raised when no state is left on a file. It may have new state by then.</summary>
    public event Action<FileKey>? FileIdle;

    internal GrantCaller Grants { get; }

    internal Nfs4Callbacks Callbacks { get; }

    /// <summary>
    /// Starts the runner's thread. Called while the server is root and no thread has taken a client's identity. Without it, what is
    /// due is done on the timer's thread: the way of tests, whose clock stands still.
    /// </summary>
    public void Start()
    {
        thread = new Thread(Loop) { IsBackground = true, Name = "state-effects" };
        thread.Start();
    }

    public void Warn(string message) => warn(message);

    /// <summary>Executes the effects of a request and clears the list; writes to the disk are left to the runner's thread.</summary>
    public void Run(EffectList effects) => Run(effects, default, null);

    /// <param name="locked">A file of which the kernel has been given the change already.</param>
    internal void Run(EffectList effects, in FileKey locked) => Run(effects, locked, null);

    /// <param name="call">
    /// Gave up locks: what the kernel has of them for local programs is given back before its reply is sent, at once with that of its neighbours.
    /// </param>
    internal void Run(EffectList effects, IBlockingHook call) => Run(effects, default, call);

    private void Run(EffectList effects, in FileKey locked, IBlockingHook? call)
    {
        for (int i = 0; i < effects.Count; i++)
        {
            var effect = effects.Items[i];
            if (IsDurable(effect.Kind))
                Defer(effect);
            else if (effect.Kind == EffectKind.CoverLocally && effect.File == locked)
                localLocks.RealignLater(effect.File);
            else if (call is null || !PutOff(effect, call))
                Execute(effect, effects);
        }
        effects.Clear();
        Arm(effects.NextDue);
    }

    /// <summary>
    /// Executes all effects, those on the disk included, and clears the list. Tells whether every write succeeded; whoever ordered it
    /// may block.
    /// </summary>
    public RecordStatus RunAll(EffectList effects)
    {
        ThreadIdentity.BecomeRoot();
        var worst = RecordStatus.Ok;
        for (int i = 0; i < effects.Count; i++)
        {
            var effect = effects.Items[i];
            var status = IsDurable(effect.Kind) ? Persist(effect, effects) : Execute(effect, effects);
            if (status != RecordStatus.Ok)
                worst = status;
        }
        effects.Clear();
        Arm(effects.NextDue);
        return worst;
    }

    /// <summary>Enters the gate for what fell due, and does what was left to the runner's thread.</summary>
    public void RunDue()
    {
        lock (own)
        {
            while (durable.TryDequeue(out var effect))
            {
                Persist(effect, own);
                RunAll(own);
            }
            using (state.Enter(own))
            {
            }
            RunAll(own);
        }
    }

    public void Dispose()
    {
        ended = true;
        work.Set();
        thread?.Join();
        timer.Dispose();
        work.Dispose();
    }

    private static bool IsDurable(EffectKind kind) => kind switch
    {
        EffectKind.Forfeit or EffectKind.Acknowledge or EffectKind.ForgetClient or EffectKind.NoteHeld or EffectKind.PersistWindow or EffectKind.PersistWindowEnd
            or EffectKind.NotifyClients or EffectKind.ForgetExpired => true,
        _ => false,
    };

    /// <summary>Leaves what the kernel is to be given back to the moment before the reply is sent; false where that cannot be.</summary>
    private bool PutOff(in Effect effect, IBlockingHook call)
    {
        switch (effect.Kind)
        {
            case EffectKind.CoverLocally:
                return localLocks.Realign(effect.File, effect.Range, call);
            case EffectKind.FileIdle when localLocks.Idle(effect.File, call):
                FileIdle?.Invoke(effect.File);
                return true;
            default:
                return false;
        }
    }

    private RecordStatus Execute(in Effect effect, EffectList effects)
    {
        switch (effect.Kind)
        {
            case EffectKind.GrantWaiter:
                Grants.Send(effect.Id, effects);
                break;
            case EffectKind.NotifyLock:
                Callbacks.NotifyLock(effect.Id, effects);
                break;
            case EffectKind.TellOffload:
                Callbacks.TellOffload(effect.Id, effects);
                break;
            case EffectKind.ProbeCallback:
                Callbacks.Probe((ulong)effect.Id, effects);
                break;
            case EffectKind.TryLocal:
                TryLocal(effect, effects);
                break;
            case EffectKind.CoverLocally:
                localLocks.Realign(effect.File, effect.Range, effects);
                break;
            case EffectKind.FileIdle:
                localLocks.Idle(effect.File, effects);
                FileIdle?.Invoke(effect.File);
                break;
        }
        return RecordStatus.Ok;
    }

    private RecordStatus Persist(in Effect effect, EffectList effects)
    {
        if (effect.Kind == EffectKind.ForgetExpired && !BeginRemoval(effect, effects))
            return RecordStatus.Ok;
        var status = effect.Kind switch
        {
            EffectKind.Forfeit => records.Forfeit(effect.Scope, effect.Client),
            EffectKind.Acknowledge => records.Remember(effect.Scope, new ClientRecord(effect.Client) { KnowsItsLoss = true }),
            EffectKind.ForgetClient or EffectKind.ForgetExpired => records.Forget(effect.Scope, effect.Client),
            EffectKind.NoteHeld => records.NoteHeld(effect.Scope, effect.Client, effect.Value),
            EffectKind.PersistWindow => OpenWindow(effect, effects),
            EffectKind.PersistWindowEnd => EndWindow(effect, effects),
            _ => Notify(effect.Scope, effects),
        };
        // A filesystem that has left took its records along: nothing is to be forgotten here but what is in memory.
        bool ok = status == RecordStatus.Ok || (status == RecordStatus.Unavailable && effect.Kind is EffectKind.ForgetClient or EffectKind.ForgetExpired);
        WarnOnce(effect, status);
        using var gate = state.Enter(effects);
        switch (effect.Kind)
        {
            case EffectKind.Forfeit or EffectKind.Acknowledge or EffectKind.ForgetExpired:
                state.Clients.Recorded(gate, effect.Need, ok);
                break;
            case EffectKind.ForgetClient:
                state.Clients.Forgotten(gate, effect.Id, ok);
                break;
            case EffectKind.PersistWindow:
                state.Grace.WindowPersisted(gate, effect.Id, ok);
                break;
            case EffectKind.PersistWindowEnd:
                state.Grace.WindowEndPersisted(gate, effect.Id, ok);
                break;
        }
        return status;
    }

    private bool BeginRemoval(in Effect effect, EffectList effects)
    {
        using var gate = state.Enter(effects);
        return state.Clients.BeginRemoval(gate, effect.Need);
    }

    /// <summary>The state tries again every second: what goes on failing is told once, until it has worked.</summary>
    private void WarnOnce(in Effect effect, RecordStatus status)
    {
        bool news;
        lock (failing)
        {
            news = status == RecordStatus.Ok
                ? failing.Remove((effect.Kind, effect.Scope))
                : failing.Count < MaxFailing && failing.Add((effect.Kind, effect.Scope));
        }
        if (news && status is not RecordStatus.Ok and not RecordStatus.Unavailable)
            warn($"{effect.Kind} of {effect.Scope}: its record could not be written ({status})");
    }

    /// <summary>Boot grace is for any scope and on no disk: a crash in it leads to the next one.</summary>
    private RecordStatus OpenWindow(in Effect effect, EffectList effects)
    {
        if (effect.Scope.Server.IsWildcard || effect.Scope.FileSystem.IsAny)
            return RecordStatus.Ok;
        WindowStart start;
        using (var gate = state.Enter(effects))
        {
            if (!state.Grace.TryCopyStart(gate, effect.Id, out start))
                return RecordStatus.Ok;
        }
        return records.OpenWindow(effect.Scope, new WindowRecord(time.GetUtcNow() + start.Left, start.Reason, start.AnyoneMayReclaim));
    }

    private RecordStatus EndWindow(in Effect effect, EffectList effects)
    {
        var ended = new List<EndedScope>();
        using (var gate = state.Enter(effects))
            state.Grace.CopyEnd(gate, effect.Id, ended);
        foreach (var scope in ended)
        {
            if (scope.Scope.Server.IsWildcard || scope.Scope.FileSystem.IsAny)
                continue;
            var status = records.EndWindow(scope.Scope, scope.Gone, scope.Forfeited);
            if (status != RecordStatus.Ok)
                return status;
        }
        return RecordStatus.Ok;
    }

    /// <summary>Tells the known clients of each scope, under a new state number of that scope.</summary>
    private RecordStatus Notify(Scope selected, EffectList effects)
    {
        var known = new List<KnownClient>();
        using (var gate = state.Enter(effects))
            state.Clients.CopyKnown(gate, selected, known);
        var worst = RecordStatus.Ok;
        // NFSv4 clients notice by themselves: their names have no address.
        known.RemoveAll(c => c.Name.Address.IsWildcard);
        foreach (var scope in known.GroupBy(c => c.Scope))
        {
            var status = records.NextNsmState(scope.Key, 0, out uint nsmState);
            if (status != RecordStatus.Ok)
            {
                // Better a number that may repeat after the next crash than a client that never hears of this one.
                nsmState = (uint)time.GetUtcNow().ToUnixTimeSeconds() | 1;
                worst = status;
            }
            foreach (var client in scope.Select(c => c.Name.Address).Distinct())
                notifier.Notify(scope.Key.Server, client, nsmState);
        }
        return worst;
    }

    /// <summary>A waiter could have its lock as far as clients go: ask the kernel, on behalf of local programs.</summary>
    private void TryLocal(in Effect effect, EffectList effects)
    {
        var grant = new GrantCall();
        using (var gate = state.Enter(effects))
        {
            if (!state.Locks.TryGetGrant(gate, effect.Id, grant))
                return;
        }
        var answer = localLocks.Take(grant.File, grant.Range, grant.Kind, effects);
        LockOutcome outcome;
        using (var gate = state.Enter(effects))
        {
            outcome = answer == LocalAnswer.Taken
                ? state.Locks.ConfirmLocal(gate, effect.Id)
                : state.Locks.WithdrawLocal(gate, effect.Id);
        }
        if (answer == LocalAnswer.Taken && outcome == LockOutcome.NotFound)
            localLocks.Realign(grant.File, grant.Range, effects);
        else if (answer == LocalAnswer.Conflict && outcome == LockOutcome.Blocked)
            localLocks.AwaitRelease(grant.File, grant.Range, grant.Kind);
    }

    private void OnLocalRelease(FileKey file)
    {
        var effects = new EffectList();
        using (var gate = state.Enter(effects))
            state.Locks.LocalReleased(gate, file);
        Run(effects);
    }

    private void Defer(in Effect effect)
    {
        durable.Enqueue(effect);
        if (thread is null)
            timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        else
            work.Set();
    }

    /// <summary>Makes sure that the gate is entered at that time; a comparison when it is already.</summary>
    private void Arm(long due)
    {
        if (due >= Volatile.Read(ref armed))
            return;
        lock (arming)
        {
            if (due >= armed)
                return;
            armed = due;
            // The timer may have the runtime make a thread, which inherits the identity of this one.
            ThreadIdentity.BecomeRoot();
            long now = time.GetTimestamp();
            timer.Change(due <= now ? TimeSpan.Zero : time.GetElapsedTime(now, due), Timeout.InfiniteTimeSpan);
        }
    }

    private void OnDue()
    {
        lock (arming)
            armed = long.MaxValue;
        if (thread is null)
            RunDue();
        else
            work.Set();
    }

    private void Loop()
    {
        while (!ended)
        {
            work.Wait();
            work.Reset();
            if (!ended)
                RunDue();
        }
    }
}
