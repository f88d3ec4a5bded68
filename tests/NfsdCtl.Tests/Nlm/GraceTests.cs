using NfsdCtl.Protocols.Nlm;
using NfsdCtl.State;
using NfsdCtl.State.Records;
using NfsdCtl.State.Release;
using NfsdCtl.TestKit.Nlm;
using static NfsdCtl.Protocols.Nlm.nlm4_stats;

namespace NfsdCtl.Tests.Nlm;

/// <summary>The rows for NLM of "what each request gets", admin-files.</summary>
public sealed class GraceTests
{
    private static readonly NlmLock File1 = new(FakeFiles.Handle(1));
    private static readonly Scope ScopeA = new(NlmStack.ServerA, FakeFiles.FileSystem(1));

    private NlmStack stack = null!;
    private NlmClient throughA = null!;
    private NlmClient throughB = null!;

    [SetUp]
    public void Make()
    {
        stack = new NlmStack();
        throughA = stack.Client(NlmStack.Client1, NlmStack.ServerA);
        throughB = stack.Client(NlmStack.Client1, NlmStack.ServerB);
    }

    [TearDown]
    public void End() => stack.Dispose();

    [Test]
    public void Without_a_window_a_reclaim_is_refused()
    {
        Assert.That(throughA.Lock(File1 with { Reclaim = true }), Is.EqualTo(NLM4_DENIED_GRACE_PERIOD));
        Assert.That(throughA.Share(File1.File, fsh_mode.fsm_DRW, fsh_access.fsa_RW, reclaim: true), Is.EqualTo(NLM4_DENIED_GRACE_PERIOD));
    }

    [Test]
    public void In_a_window_of_this_address_only_reclaims_get_through()
    {
        stack.OpenWindow(ScopeA, anyone: true);
        Assert.That(throughA.Lock(File1), Is.EqualTo(NLM4_DENIED_GRACE_PERIOD));
        Assert.That(throughA.NmLock(File1), Is.EqualTo(NLM4_DENIED_GRACE_PERIOD));
        Assert.That(throughA.Test(File1).Status, Is.EqualTo(NLM4_DENIED_GRACE_PERIOD));
        Assert.That(throughA.Share(File1.File, fsh_mode.fsm_DRW, fsh_access.fsa_RW), Is.EqualTo(NLM4_DENIED_GRACE_PERIOD));
        Assert.That(throughA.Unlock(File1), Is.EqualTo(NLM4_DENIED_GRACE_PERIOD));
        Assert.That(throughA.Cancel(File1), Is.EqualTo(NLM4_DENIED_GRACE_PERIOD));
        Assert.That(throughA.Lock(File1 with { Reclaim = true }), Is.EqualTo(NLM4_GRANTED));
        Assert.That(throughA.Unlock(File1), Is.EqualTo(NLM4_GRANTED), "an owner of this life");
        Assert.That(throughA.Share(File1.File, fsh_mode.fsm_DRW, fsh_access.fsa_RW, reclaim: true), Is.EqualTo(NLM4_GRANTED));
        Assert.That(stack.Warnings.Any(w => w.Contains("no record", StringComparison.Ordinal)), Is.True);
    }

    [Test]
    public void Through_another_address_reclaims_are_refused_and_new_locks_wait_too([Values(3u, 4u)] uint version)
    {
        stack.OpenWindow(ScopeA, anyone: true);
        var other = stack.Client(NlmStack.Client1, NlmStack.ServerB, version);
        Assert.That(other.Lock(File1 with { Reclaim = true }), Is.EqualTo(NLM4_DENIED_NOLOCKS));
        Assert.That(other.Share(File1.File, fsh_mode.fsm_DRW, fsh_access.fsa_RW, reclaim: true), Is.EqualTo(NLM4_DENIED_NOLOCKS));
        Assert.That(other.Lock(File1), Is.EqualTo(NLM4_DENIED_GRACE_PERIOD));
        Assert.That(other.Test(File1).Status, Is.EqualTo(NLM4_DENIED_GRACE_PERIOD));
        Assert.That(other.Unlock(File1), Is.EqualTo(NLM4_DENIED_GRACE_PERIOD));
    }

    [Test]
    public void Other_filesystems_notice_nothing()
    {
        stack.OpenWindow(ScopeA, anyone: true);
        var elsewhere = new NlmLock(FakeFiles.Handle(1, 2));
        Assert.That(throughA.Lock(elsewhere), Is.EqualTo(NLM4_GRANTED));
        Assert.That(throughB.Test(elsewhere).Status, Is.EqualTo(NLM4_DENIED));
        Assert.That(throughA.Unlock(elsewhere), Is.EqualTo(NLM4_GRANTED));
    }

    [Test]
    public void Only_a_client_on_record_may_reclaim_where_records_came_along()
    {
        Load(new ClientRecord(new ClientName(NlmStack.Client1, throughA.CallerName)) { Held = 2 });
        stack.OpenWindow(ScopeA, anyone: false);
        var stranger = stack.Client(NlmStack.Client2, NlmStack.ServerA);
        Assert.That(stranger.Lock(File1 with { Reclaim = true }), Is.EqualTo(NLM4_DENIED_NOLOCKS));
        Assert.That(throughA.Lock(File1 with { Reclaim = true, Length = 1 }), Is.EqualTo(NLM4_GRANTED));
    }

    [Test]
    public void The_window_ends_when_every_known_client_has_reclaimed_what_its_record_says()
    {
        Load(new ClientRecord(new ClientName(NlmStack.Client1, throughA.CallerName)) { Held = 2 });
        stack.OpenWindow(ScopeA, anyone: false);
        throughA.Lock(File1 with { Reclaim = true, Length = 1 });
        stack.Settle();
        Assert.That(throughB.Lock(File1 with { Offset = 100 }), Is.EqualTo(NLM4_DENIED_GRACE_PERIOD));
        throughA.Lock(File1 with { Reclaim = true, Offset = 10, Length = 1 });
        stack.Settle();
        Assert.That(stack.Records.Log, Does.Contain("window end"));
        Assert.That(throughB.Lock(File1 with { Offset = 100 }), Is.EqualTo(NLM4_GRANTED));
    }

    [Test]
    public void After_its_time_a_window_is_over_once_its_end_is_on_disk()
    {
        stack.OpenWindow(ScopeA, anyone: true, seconds: 30);
        stack.Records.Failure = RecordStatus.IoError;
        stack.Time.Advance(TimeSpan.FromSeconds(31));
        stack.Settle();
        Assert.That(throughB.Lock(File1), Is.EqualTo(NLM4_DENIED_GRACE_PERIOD), "its end is not on disk");
        stack.Records.Failure = RecordStatus.Ok;
        stack.Time.Advance(TimeSpan.FromSeconds(2));
        stack.Settle();
        Assert.That(throughB.Lock(File1), Is.EqualTo(NLM4_GRANTED));
        Assert.That(throughA.Lock(File1 with { Reclaim = true }), Is.EqualTo(NLM4_DENIED_GRACE_PERIOD));
    }

    [Test]
    public void A_window_that_cannot_be_written_is_not_opened()
    {
        stack.Records.Failure = RecordStatus.NoSpace;
        stack.OpenWindow(ScopeA, anyone: true);
        stack.Records.Failure = RecordStatus.Ok;
        Assert.That(throughA.Lock(File1), Is.EqualTo(NLM4_GRANTED));
    }

    [Test]
    public void Opening_a_window_tells_the_known_clients_from_that_address()
    {
        Load(new ClientRecord(new ClientName(NlmStack.Client1, "one")), new ClientRecord(new ClientName(NlmStack.Client2, "two")));
        stack.OpenWindow(ScopeA, anyone: false);
        Assert.That(stack.Peers.Calls.Select(c => (c.From, c.To, c.Program)), Is.EquivalentTo(new[]
        {
            (NlmStack.ServerA, NlmStack.Client1, 100024u), (NlmStack.ServerA, NlmStack.Client2, 100024u),
        }));
    }

    [Test]
    public void What_another_got_after_a_release_may_not_be_reclaimed()
    {
        throughA.Lock(File1);
        var keeper = stack.Client(NlmStack.Client2, NlmStack.ServerA);
        keeper.Lock(new NlmLock(FakeFiles.Handle(2)));
        stack.Release(ReleaseSelector.Address(NlmStack.ServerA));
        var other = stack.Client(NlmStack.Client2, NlmStack.ServerB);
        Assert.That(other.Lock(File1), Is.EqualTo(NLM4_GRANTED));
        Assert.That(stack.Records.Log.Any(l => l.StartsWith("forfeit", StringComparison.Ordinal)), Is.True);
        other.Unlock(File1);
        stack.OpenWindow(ScopeA, anyone: false);
        Assert.That(throughA.Lock(File1 with { Reclaim = true }), Is.EqualTo(NLM4_DENIED_NOLOCKS));
        Assert.That(keeper.Lock(new NlmLock(FakeFiles.Handle(2)) { Reclaim = true }), Is.EqualTo(NLM4_GRANTED), "nobody had that");
    }

    private void Load(params ClientRecord[] clients)
    {
        var effects = new EffectList();
        using (var gate = stack.State.Enter(effects))
            stack.State.Clients.Load(gate, ScopeA, new ScopeRecord { Exists = true, Clients = clients });
        stack.Effects.RunAll(effects);
    }
}
