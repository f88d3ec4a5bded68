using System.Text;
using Microsoft.Extensions.Time.Testing;
using NfsdCtl.State;
using NfsdCtl.State.Clients;
using NfsdCtl.State.Grace;
using NfsdCtl.State.Locks;
using NfsdCtl.State.Records;
using NfsdCtl.State.Release;
using NfsdCtl.State.Reports;
using NfsdCtl.State.Shares;

namespace NfsdCtl.Tests.State;

/// <summary>An NLM host as tests name it.</summary>
public readonly record struct TestHost(NetAddress Client, NetAddress Server, string Name)
{
    public static TestHost Of(string client, string server, string name = "node") => new(Address(client), Address(server), name);

    public static NetAddress Address(string text) => NetAddress.TryParse(text, out var address) ? address : throw new ArgumentException(text);
}

/// <summary>
/// A state with a fake clock and an effect runner whose disk can be made to refuse. Each call is one gate entry; what must be on disk is
/// written as the protocol would.
/// </summary>
public sealed class StateHarness
{
    public static readonly FsId FsA = FsId.FromNumber(1);
    public static readonly FsId FsB = FsId.FromNumber(2);

    private readonly EffectList effects = new();

    public StateHarness(StateOptions? options = null) => State = new ServerState(options ?? new StateOptions(), Time);

    /// <summary>Around the state of a whole server, whose clock it has.</summary>
    public StateHarness(ServerState state, FakeTimeProvider time) => (State, Time) = (state, time);

    public FakeTimeProvider Time { get; } = new();

    public ServerState State { get; }

    /// <summary>The disk refuses to remember clients and windows.</summary>
    public bool DiskFails { get; set; }

    /// <summary>What LOCKs tell of the state of the client's monitor.</summary>
    public uint NsmState { get; set; }

    /// <summary>Where records are really written; null: nowhere, and <see cref="DiskFails"/> says how that goes.</summary>
    public IScopeRecords? Records { get; init; }

    /// <summary>Effects that tests look at; durable ones are carried out at once.</summary>
    public List<Effect> Seen { get; } = [];

    /// <summary>Waiters whose GRANTED was sent and not answered, oldest first.</summary>
    public List<long> Granting { get; } = [];

    public long NextDue => effects.NextDue;

    public static FileKey File(FsId fileSystem, byte number) => new(fileSystem, 1, [number, 7, 7, 7]);

    public LockOutcome Lock(
        TestHost host, ulong owner, FileKey file, LockRange range, LockKind kind = LockKind.Write, bool block = false, bool reclaim = false,
        bool local = false, bool unmonitored = false, uint tag = 0) => Lock(host, owner, file, range, out _, kind, block, reclaim, local, unmonitored, tag);

    public LockOutcome Lock(
        TestHost host, ulong owner, FileKey file, LockRange range, out LockTicket ticket, LockKind kind = LockKind.Write, bool block = false,
        bool reclaim = false, bool local = false, bool unmonitored = false, uint tag = 0)
    {
        var request = Request(host, owner, file, range, kind);
        request.Block = block;
        request.Reclaim = reclaim;
        request.LocalLocks = local;
        request.Unmonitored = unmonitored;
        request.ExportTag = tag;
        request.NsmState = NsmState;
        LockOutcome outcome;
        while (true)
        {
            using (var gate = State.Enter(effects))
                outcome = State.Locks.Lock(gate, request, out ticket);
            if (outcome == LockOutcome.Rebooted)
                Run();
            else if (outcome != LockOutcome.NeedsRecord || !Record(ticket.Need))
                break;
        }
        Run();
        return outcome;
    }

    /// <summary>Writes what a request needs, as a protocol does.</summary>
    public bool Record(in RecordNeed need)
    {
        if (need.Kind == RecordNeedKind.Forget && !BeginRemoval(need))
            return true;
        bool written = !DiskFails && need.Kind switch
        {
            RecordNeedKind.Forfeit => Records?.Forfeit(need.Scope, need.Client),
            RecordNeedKind.Forget => Records?.Forget(need.Scope, need.Client),
            _ => Records?.Remember(need.Scope, new ClientRecord(need.Client) { Forfeited = need.Forfeited, KnowsItsLoss = need.KnowsItsLoss }),
        } is null or RecordStatus.Ok;
        using var gate = State.Enter(effects);
        State.Clients.Recorded(gate, need, written);
        return written;
    }

    private bool BeginRemoval(in RecordNeed need)
    {
        using var gate = State.Enter(effects);
        return State.Clients.BeginRemoval(gate, need);
    }

    /// <summary>Takes over what the disk knows of a scope, and opens its window, as resume_ip does.</summary>
    public void Resume(Scope scope)
    {
        Assert.That(Records!.Load(scope, out var record), Is.EqualTo(RecordStatus.Ok));
        Do((in GateScope gate) => State.Clients.Load(gate, scope, record));
        Open(scope);
    }

    public LockOutcome Unlock(TestHost host, ulong owner, FileKey file, LockRange range)
    {
        LockOutcome outcome;
        using (var gate = State.Enter(effects))
            outcome = State.Locks.Unlock(gate, Request(host, owner, file, range, LockKind.Write));
        Run();
        return outcome;
    }

    public LockOutcome Test(TestHost host, ulong owner, FileKey file, LockRange range, LockKind kind, LockHolder? holder = null)
    {
        var request = Request(host, owner, file, range, kind);
        request.Holder = holder;
        using var gate = State.Enter(effects);
        return State.Locks.Test(gate, request);
    }

    public LockOutcome Cancel(TestHost host, ulong owner, FileKey file, LockRange range, LockKind kind)
    {
        LockOutcome outcome;
        using (var gate = State.Enter(effects))
            outcome = State.Locks.Cancel(gate, Request(host, owner, file, range, kind));
        Run();
        return outcome;
    }

    public LockOutcome Confirm(long id) => Do((in GateScope gate) => State.Locks.ConfirmLocal(gate, id));

    public LockOutcome Withdraw(long id) => Do((in GateScope gate) => State.Locks.WithdrawLocal(gate, id));

    public bool Answer(long id, NetAddress client, GrantAnswer answer)
    {
        if (answer is GrantAnswer.Accepted or GrantAnswer.Denied)
            Granting.Remove(id);
        return Do((in GateScope gate) => State.Locks.GrantAnswered(gate, id, client, answer));
    }

    public LockOutcome Share(TestHost host, string owner, FileKey file, ShareDeny deny, ShareAccess access, bool reclaim = false)
    {
        LockOutcome outcome;
        using (var gate = State.Enter(effects))
            outcome = State.Shares.Share(gate, ShareRequest(host, Encoding.ASCII.GetBytes(owner), file, deny, access, reclaim));
        Run();
        return outcome;
    }

    public LockOutcome Unshare(TestHost host, string owner, FileKey file)
    {
        using var gate = State.Enter(effects);
        return State.Shares.Unshare(gate, ShareRequest(host, Encoding.ASCII.GetBytes(owner), file, ShareDeny.None, ShareAccess.None, false));
    }

    public ReleaseCounts Release(ReleaseSelector selector, bool dryRun = false) =>
        Do((in GateScope gate) => State.Releases.Release(gate, selector, dryRun));

    public ReleaseCounts Rebooted(NetAddress client, uint nsmState, string name = "", NetAddress server = default) =>
        Do((in GateScope gate) => State.Clients.Rebooted(gate, client, Encoding.ASCII.GetBytes(name), server, nsmState));

    public int Load(Scope scope, params ClientRecord[] clients) =>
        Do((in GateScope gate) => State.Clients.Load(gate, scope, new ScopeRecord { Exists = true, Clients = clients }));

    public OpenOutcome Open(Scope scope, int seconds = 90, bool anyone = false, bool persisted = false, bool patient = false) => Do((in GateScope gate) =>
        State.Grace.Open(gate, new WindowRequest(scope, TimeSpan.FromSeconds(seconds), "test", anyone, persisted) { IsPatient = patient }, out _));

    public bool End(Scope scope, Reclaimers whose = Reclaimers.All) => Do((in GateScope gate) => State.Grace.End(gate, scope, whose));

    public bool InWindow(Scope scope) => Do((in GateScope gate) => State.Grace.Exists(gate, scope));

    public Admission Admit(Scope scope, RequestKind kind, TestHost host)
    {
        using var gate = State.Enter(effects);
        return State.Grace.Admit(gate, scope, kind, new Caller(host.Client, host.Server, Encoding.ASCII.GetBytes(host.Name)));
    }

    public List<LockInfo> Locks()
    {
        var into = new List<LockInfo>();
        int cursor = 0;
        while (Do((in GateScope gate) => State.Reports.CopyLocks(gate, ref cursor, into)))
        {
        }
        return into;
    }

    public List<WaiterInfo> Waiters()
    {
        var into = new List<WaiterInfo>();
        long cursor = 0;
        while (Do((in GateScope gate) => State.Reports.CopyWaiters(gate, ref cursor, into)))
        {
        }
        return into;
    }

    public List<WindowInfo> Windows()
    {
        var into = new List<WindowInfo>();
        using var gate = State.Enter(effects);
        State.Reports.CopyWindows(gate, into);
        return into;
    }

    public StateCounts Counts() => Do((in GateScope gate) => State.Reports.Counts(gate));

    public List<KnownClient> Known(Scope scope)
    {
        var into = new List<KnownClient>();
        using var gate = State.Enter(effects);
        State.Clients.CopyKnown(gate, scope, into);
        return into;
    }

    public CoverRange[] Cover(FileKey file, LockRange window)
    {
        var cover = new CoverRange[LockTable.MaxCover];
        using var gate = State.Enter(effects);
        int count = State.Locks.LocalCover(gate, file, window, cover, out _);
        return cover[..count];
    }

    /// <summary>Lets time pass and does what fell due.</summary>
    public void Advance(TimeSpan by)
    {
        Time.Advance(by);
        Tick();
    }

    public void Tick()
    {
        State.Enter(effects).Dispose();
        Run();
    }

    public T Do<T>(GateAction<T> action)
    {
        T result;
        using (var gate = State.Enter(effects))
            result = action(gate);
        Run();
        return result;
    }

    public delegate T GateAction<out T>(in GateScope gate);

    private static LockRequest Request(TestHost host, ulong owner, FileKey file, LockRange range, LockKind kind) => new()
    {
        Caller = new Caller(host.Client, host.Server, Encoding.ASCII.GetBytes(host.Name)),
        OwnerId = owner,
        OwnerHandle = Encoding.ASCII.GetBytes($"{owner}@{host.Name}"),
        File = file,
        Range = range,
        Kind = kind,
        Handle = [1, 2, 3],
    };

    private static ShareRequest ShareRequest(TestHost host, ReadOnlySpan<byte> owner, FileKey file, ShareDeny deny, ShareAccess access, bool reclaim) => new()
    {
        Caller = new Caller(host.Client, host.Server, Encoding.ASCII.GetBytes(host.Name)),
        OwnerHandle = owner,
        File = file,
        Deny = deny,
        Access = access,
        Reclaim = reclaim,
    };

    /// <summary>Carries the effects out, and enters the gate until nothing is due at once.</summary>
    private void Run()
    {
        for (int round = 0; effects.Count != 0 || effects.NextDue == 0; round++)
        {
            Assert.That(round, Is.LessThan(100_000), "the gate is due for ever");
            var batch = effects.Items.ToArray();
            effects.Clear();
            foreach (var effect in batch)
            {
                Seen.Add(effect);
                Execute(effect);
            }
            State.Enter(effects).Dispose();
        }
    }

    private void Execute(in Effect effect)
    {
        if (effect.Kind == EffectKind.ForgetExpired && !BeginRemoval(effect.Need))
            return;
        if (Records is not null)
            Write(effect);
        using var gate = State.Enter(effects);
        switch (effect.Kind)
        {
            case EffectKind.GrantWaiter:
                if (!Granting.Contains(effect.Id))
                    Granting.Add(effect.Id);
                break;
            case EffectKind.Forfeit or EffectKind.Acknowledge or EffectKind.ForgetExpired:
                State.Clients.Recorded(gate, effect.Need, !DiskFails);
                break;
            case EffectKind.ForgetClient:
                State.Clients.Forgotten(gate, effect.Id, !DiskFails);
                break;
            case EffectKind.PersistWindow:
                State.Grace.WindowPersisted(gate, effect.Id, !DiskFails);
                break;
            case EffectKind.PersistWindowEnd:
                State.Grace.WindowEndPersisted(gate, effect.Id, !DiskFails);
                break;
        }
    }

    private void Write(in Effect effect)
    {
        var status = effect.Kind switch
        {
            EffectKind.Forfeit => Records!.Forfeit(effect.Scope, effect.Client),
            EffectKind.Acknowledge => Records!.Remember(effect.Scope, new ClientRecord(effect.Client) { KnowsItsLoss = true }),
            EffectKind.ForgetClient or EffectKind.ForgetExpired => Records!.Forget(effect.Scope, effect.Client),
            EffectKind.NoteHeld => Records!.NoteHeld(effect.Scope, effect.Client, effect.Value),
            EffectKind.PersistWindow => WriteStart(effect),
            EffectKind.PersistWindowEnd => WriteEnd(effect.Id),
            _ => RecordStatus.Ok,
        };
        Assert.That(status, Is.EqualTo(RecordStatus.Ok));
    }

    private RecordStatus WriteStart(in Effect effect)
    {
        WindowStart start;
        using (var gate = State.Enter(effects))
            Assert.That(State.Grace.TryCopyStart(gate, effect.Id, out start));
        return Records!.OpenWindow(effect.Scope, new WindowRecord(Time.GetUtcNow() + start.Left, start.Reason, start.AnyoneMayReclaim));
    }

    private RecordStatus WriteEnd(long window)
    {
        var ended = new List<EndedScope>();
        using (var gate = State.Enter(effects))
            State.Grace.CopyEnd(gate, window, ended);
        var worst = RecordStatus.Ok;
        foreach (var scope in ended)
            worst = (RecordStatus)Math.Max((int)worst, (int)Records!.EndWindow(scope.Scope, scope.Gone, scope.Forfeited));
        return worst;
    }
}
