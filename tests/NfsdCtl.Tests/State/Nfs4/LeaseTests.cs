using NfsdCtl.State;
using NfsdCtl.State.Locks;
using NfsdCtl.State.Nfs4;
using NfsdCtl.State.Shares;

namespace NfsdCtl.Tests.State.Nfs4;

/// <summary>Leases, and the courtesy of keeping what nobody else wants.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class LeaseTests
{
    private static readonly FileKey File = StateHarness.File(StateHarness.FsA, 1);
    private static readonly FileKey Other = StateHarness.File(StateHarness.FsA, 2);
    private static readonly FileKey Elsewhere = StateHarness.File(StateHarness.FsB, 1);
    private static readonly LockRange Head = new(0, 99);
    private static readonly TestHost Host = TestHost.Of("10.0.0.9", "10.0.0.1");

    private readonly StateHarness harness = new();

    private TestNfs4Client New(string name = "c", uint minor = 1) => new TestNfs4Client(harness, "10.0.0.1", name, minor).Connect();

    [TestCase(0u)]
    [TestCase(1u)]
    public void What_nobody_wants_stays_beyond_the_lease(uint minor)
    {
        var client = New(minor: minor);
        client.Open("o", File, ShareAccess.Both, ShareDeny.Both, out var open);
        harness.Advance(TimeSpan.FromHours(23));
        Assert.That(client.Io(File, open, ShareAccess.Write), Is.EqualTo(Nfs4Status.Ok));
    }

    [Test]
    public void After_a_day_it_goes()
    {
        var client = New(minor: 0);
        client.Open("o", File, ShareAccess.Both, ShareDeny.Both, out var open);
        for (int i = 0; i < 25; i++)
            harness.Advance(TimeSpan.FromHours(1));
        Assert.That(client.Io(File, open, ShareAccess.Write), Is.EqualTo(Nfs4Status.Expired));
        Assert.That(client.Renew(), Is.EqualTo(Nfs4Status.Expired));
        Assert.That(harness.Counts().Files, Is.Zero);
        Assert.That(harness.Known(new Scope(client.Server, StateHarness.FsA)), Is.Empty);
    }

    [Test]
    public void A_client_that_has_nothing_goes_with_its_lease()
    {
        var client = New(minor: 0);
        harness.Advance(TimeSpan.FromSeconds(89));
        Assert.That(client.Renew(), Is.EqualTo(Nfs4Status.Ok));
        harness.Advance(TimeSpan.FromSeconds(89));
        Assert.That(client.Renew(), Is.EqualTo(Nfs4Status.Ok));
        harness.Advance(TimeSpan.FromSeconds(91));
        Assert.That(client.Renew(), Is.EqualTo(Nfs4Status.Expired));
    }

    [Test]
    public void Within_the_lease_nobody_gets_it()
    {
        var client = New();
        client.Open("o", File, ShareAccess.Both, ShareDeny.Both, out _);
        harness.Advance(TimeSpan.FromSeconds(89));
        Assert.That(New("d").Open("o", File, ShareAccess.Read, ShareDeny.None, out _), Is.EqualTo(Nfs4Status.ShareDenied));
    }

    [TestCase(0u)]
    [TestCase(1u)]
    public void An_open_in_conflict_takes_what_an_expired_client_has_there_and_no_more(uint minor)
    {
        var client = New(minor: minor);
        client.Open("o", File, ShareAccess.Both, ShareDeny.Both, out var open);
        client.Open("o", Elsewhere, ShareAccess.Both, ShareDeny.Both, out var kept);
        harness.Advance(TimeSpan.FromSeconds(91));
        var scope = new Scope(client.Server, StateHarness.FsA);
        Assert.That(harness.Known(scope), Has.Count.EqualTo(1));
        var next = New("d");
        Assert.That(next.Open("o", File, ShareAccess.Both, ShareDeny.Both, out _), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(harness.Known(scope).Single().Name.CallerName, Is.EqualTo("4.1 d"), "who lost is on no record before who got it is answered");
        Assert.That(client.Io(File, open, ShareAccess.Read), Is.EqualTo(Nfs4Status.Expired));
        Assert.That(client.Io(Elsewhere, kept, ShareAccess.Read), Is.EqualTo(Nfs4Status.Ok));
    }

    [Test]
    public void The_record_goes_before_the_state_does()
    {
        var client = New();
        client.Open("o", File, ShareAccess.Both, ShareDeny.Both, out var open);
        var next = New("d");
        next.Open("o", Other, ShareAccess.Read, ShareDeny.None, out _);
        harness.Advance(TimeSpan.FromSeconds(91));
        harness.DiskFails = true;
        Assert.That(next.Open("o", File, ShareAccess.Read, ShareDeny.None, out _), Is.EqualTo(Nfs4Status.NeedsRecord));
        Assert.That(client.Io(File, open, ShareAccess.Write), Is.EqualTo(Nfs4Status.Ok), "nothing was taken");
    }

    [Test]
    public void An_expired_client_is_told_and_frees_what_it_lost()
    {
        var client = New();
        client.Open("o", File, ShareAccess.Both, ShareDeny.Both, out var open);
        client.Open("o", Elsewhere, ShareAccess.Read, ShareDeny.None, out _);
        harness.Advance(TimeSpan.FromSeconds(91));
        New("d").Open("o", File, ShareAccess.Read, ShareDeny.None, out _);
        Assert.That(client.Beat(), Is.EqualTo(SequenceFlags.ExpiredSomeStateRevoked));
        Assert.That(client.Test(open), Is.EqualTo(Nfs4Status.Expired));
        Assert.That(client.Free(open), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(client.Beat(), Is.EqualTo(SequenceFlags.None));
        Assert.That(client.Test(open), Is.EqualTo(Nfs4Status.BadStateId));
    }

    [Test]
    public void A_lock_of_NLM_takes_what_an_expired_client_had_locked()
    {
        var client = New();
        client.Open("o", File, ShareAccess.Both, ShareDeny.None, out var open);
        client.Lock("o", "p", File, open, Head, out var id);
        Assert.That(harness.Lock(Host, 1, File, Head), Is.EqualTo(LockOutcome.Denied));
        harness.Advance(TimeSpan.FromSeconds(91));
        Assert.That(harness.Test(Host, 1, File, Head, LockKind.Write), Is.EqualTo(LockOutcome.Granted));
        Assert.That(harness.Lock(Host, 1, File, Head), Is.EqualTo(LockOutcome.Granted));
        Assert.That(client.Test(id), Is.EqualTo(Nfs4Status.Expired));
    }

    [Test]
    public void A_deny_mode_of_an_expired_client_keeps_no_IO_out()
    {
        var client = New();
        client.Open("o", File, ShareAccess.Both, ShareDeny.Both, out var open);
        var other = New("d");
        Assert.That(other.Io(File, StateId.Anonymous, ShareAccess.Write), Is.EqualTo(Nfs4Status.Locked));
        harness.Advance(TimeSpan.FromSeconds(91));
        Assert.That(other.Io(File, StateId.Anonymous, ShareAccess.Write), Is.EqualTo(Nfs4Status.Delay));
        harness.Tick();
        Assert.That(other.Io(File, StateId.Anonymous, ShareAccess.Write), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(client.Test(open), Is.EqualTo(Nfs4Status.Expired));
    }

    [Test]
    public void What_an_expired_client_takes_when_it_is_back_is_not_taken_by_those_who_came_before()
    {
        var client = New();
        client.Open("o", File, ShareAccess.Both, ShareDeny.Both, out _);
        harness.Advance(TimeSpan.FromSeconds(91));
        var needs = new List<RecordNeed>();
        foreach (var other in (TestNfs4Client[])[New("d"), New("e")])
        {
            OpenTicket ticket = default;
            var request = new OpenRequest { Client = other.Session!.Client, Owner = "o"u8, File = File, Access = ShareAccess.Read };
            using (var gate = harness.State.Enter(new EffectList()))
                Assert.That(other.Nfs4.Opens.Open(gate, request, out ticket), Is.EqualTo(Nfs4Status.NeedsRecord));
            needs.Add(ticket.Need);
        }
        Assert.That(needs.ConvertAll(n => n.Kind), Is.All.EqualTo(RecordNeedKind.Forget));
        harness.Do((in GateScope gate) => harness.State.Clients.BeginRemoval(gate, needs[1]));
        harness.Record(needs[0]);
        client.Beat();
        // The second removal is on its way to the disk: a record that were written now would go with it.
        using (var gate = harness.State.Enter(new EffectList()))
        {
            var request = new OpenRequest { Client = client.Session!.Client, Owner = "o"u8, File = Other, Access = ShareAccess.Read };
            Assert.That(client.Nfs4.Opens.Open(gate, request, out var ticket), Is.EqualTo(Nfs4Status.NeedsRecord));
            harness.State.Clients.Recorded(gate, ticket.Need, true);
            Assert.That(client.Nfs4.Opens.Open(gate, request, out _), Is.EqualTo(Nfs4Status.NeedsRecord));
            harness.State.Clients.Recorded(gate, needs[1], true);
        }
        Assert.That(client.Open("o", Other, ShareAccess.Read, ShareDeny.None, out var open), Is.EqualTo(Nfs4Status.Ok));
        harness.Record(needs[0]);
        Assert.That(client.Io(Other, open, ShareAccess.Read), Is.EqualTo(Nfs4Status.Ok), "it is not expired any more");
    }

    [Test]
    public void Who_waits_gets_it_when_the_lease_is_over()
    {
        var client = New();
        client.Open("o", File, ShareAccess.Both, ShareDeny.None, out var open);
        client.Lock("o", "p", File, open, Head, out _);
        Assert.That(harness.Lock(Host, 1, File, Head, block: true), Is.EqualTo(LockOutcome.Blocked));
        harness.Advance(TimeSpan.FromSeconds(89));
        Assert.That(harness.Granting, Is.Empty);
        harness.Advance(TimeSpan.FromSeconds(2));
        harness.Advance(TimeSpan.FromSeconds(2));
        Assert.That(harness.Granting, Has.Count.EqualTo(1));
    }

    [Test]
    public void A_share_of_NLM_is_granted_at_its_second_try()
    {
        var client = New();
        client.Open("o", File, ShareAccess.Both, ShareDeny.Both, out _);
        harness.Advance(TimeSpan.FromSeconds(91));
        Assert.That(harness.Share(Host, "h", File, ShareDeny.None, ShareAccess.Read), Is.EqualTo(LockOutcome.Denied));
        harness.Tick();
        Assert.That(harness.Share(Host, "h", File, ShareDeny.None, ShareAccess.Read), Is.EqualTo(LockOutcome.Granted));
    }

    [Test]
    public void A_client_that_comes_back_in_time_goes_on()
    {
        var client = New();
        client.Open("o", File, ShareAccess.Both, ShareDeny.Both, out var open);
        harness.Advance(TimeSpan.FromMinutes(30));
        Assert.That(client.Beat(), Is.EqualTo(SequenceFlags.None));
        Assert.That(New("d").Open("o", File, ShareAccess.Read, ShareDeny.None, out _), Is.EqualTo(Nfs4Status.ShareDenied));
        Assert.That(client.Io(File, open, ShareAccess.Write), Is.EqualTo(Nfs4Status.Ok));
    }

    [Test]
    public void An_expired_client_does_not_keep_its_name_from_a_new_life()
    {
        var client = New();
        client.Open("o", File, ShareAccess.Both, ShareDeny.Both, out _);
        harness.Advance(TimeSpan.FromMinutes(5));
        var restarted = new TestNfs4Client(harness, "10.0.0.1", "c", verifier: 2).Connect();
        Assert.That(restarted.Open("o", File, ShareAccess.Both, ShareDeny.Both, out _), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(harness.Counts().Files, Is.EqualTo(1));
    }

    [Test]
    public void An_administrator_ends_a_client_at_once()
    {
        var client = New();
        client.Open("o", File, ShareAccess.Both, ShareDeny.Both, out _);
        bool found = harness.Do((in GateScope gate) => client.Nfs4.Clients.Expire(gate, (uint)client.Id, out var counts) && counts is { Opens: 1, Sessions: 1, Clients: 1 });
        Assert.That(found);
        Assert.That(client.Begin(0, 1, out _), Is.EqualTo(Nfs4Status.BadSession));
        Assert.That(harness.Counts().Files, Is.Zero);
        Assert.That(New("d").Open("o", File, ShareAccess.Both, ShareDeny.Both, out _), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(harness.Do((in GateScope gate) => client.Nfs4.Clients.Expire(gate, (uint)client.Id, out _)), Is.False);
    }
}
