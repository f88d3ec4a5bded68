using NfsdCtl.State.Clients;
using NfsdCtl.State.Grace;
using NfsdCtl.State.Locks;
using NfsdCtl.State.Release;
using NfsdCtl.State.Reports;
using NfsdCtl.State.Shares;

namespace NfsdCtl.State;

/// <summary>
/// Who may hold what, and until when. Pure: no I/O, thread, log or clock of its own. <see cref="Enter"/> is the only way in;
/// what must happen outside comes out as effects.
/// </summary>
public sealed class ServerState
{
    private readonly ShortLock gate = new();
    private readonly TimeProvider time;
    private EffectList effects = new();
    private long now;

    public ServerState(StateOptions options, TimeProvider time)
    {
        this.time = time;
        Options = options;
        now = time.GetTimestamp();
        Started = now;
        Hosts = new HostTable(this);
        Clients = new ClientTable(this);
        Grace = new GraceTable(this);
        Locks = new LockTable(this);
        Shares = new ShareTable(this);
        Releases = new ReleaseTable(this);
        Reports = new StateReports(this);
        Nfs4 = new Nfs4.Nfs4State(this);
    }

    public LockTable Locks { get; }

    public ShareTable Shares { get; }

    public GraceTable Grace { get; }

    public ClientTable Clients { get; }

    public ReleaseTable Releases { get; }

    public StateReports Reports { get; }

    public Nfs4.Nfs4State Nfs4 { get; }

    internal HostTable Hosts { get; }

    internal Agenda Agenda { get; } = new();

    internal StateOptions Options { get; }

    internal long Started { get; }

    /// <summary>The time now, for what is done outside of the gate.</summary>
    internal long Timestamp => time.GetTimestamp();

    /// <summary>The time of this gate entry, a timestamp that never goes back.</summary>
    internal long Now => now;

    /// <summary>
    /// Takes the gate: reads the clock once, does what fell due (a bounded part of it), and hands out the scope that every method
    /// of the state demands. Sections are short; nothing that may wait is done inside. Not reentrant.
    /// </summary>
    /// <param name="effects">Receives what must be done after the gate is left. Not cleared.</param>
    public GateScope Enter(EffectList effects)
    {
        gate.Enter();
        this.effects = effects;
        now = Math.Max(now, time.GetTimestamp());
        var scope = new GateScope(this);
        if (now >= Agenda.Next)
            Agenda.Fire(scope, now);
        if (WorkPending)
        {
            Releases.Sweep(scope);
            Locks.EvaluateWaiters(scope);
        }
        Grace.EndComplete(scope);
        return scope;
    }

    internal void Leave()
    {
        effects.NextDue = WorkPending ? 0 : Agenda.Next;
        gate.Exit();
    }

    internal void Add(in Effect effect) => effects.Add(effect);

    /// <summary>Adds an effect that says "look at this part of the file", to the one before if that was said of the same file.</summary>
    internal void AddOnce(EffectKind kind, in FileKey file, LockRange range) => effects.AddOnce(kind, file, range);

    internal long After(TimeSpan delay) => now + (long)(delay.TotalSeconds * time.TimestampFrequency);

    internal TimeSpan Since(long timestamp) => time.GetElapsedTime(timestamp, now);

    internal TimeSpan Until(long timestamp) => time.GetElapsedTime(now, timestamp);

    private bool WorkPending => Releases.Pending || Locks.EvaluationPending;
}

/// <summary>Proof that the gate is held; leaves it when disposed.</summary>
public readonly ref struct GateScope : IDisposable
{
    internal GateScope(ServerState state) => State = state;

    internal ServerState State { get; }

    public void Dispose() => State.Leave();
}
