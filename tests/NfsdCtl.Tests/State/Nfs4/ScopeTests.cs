using NfsdCtl.State;
using NfsdCtl.State.Grace;
using NfsdCtl.State.Locks;
using NfsdCtl.State.Nfs4;
using NfsdCtl.State.Records;
using NfsdCtl.State.Release;
using NfsdCtl.State.Shares;

namespace NfsdCtl.Tests.State.Nfs4;

/// <summary>Releases by address and filesystem, and reclaims in windows of a scope.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ScopeTests
{
    private const string ServerA = "10.0.0.1";
    private const string ServerB = "10.0.0.2";
    private static readonly FileKey FileA = StateHarness.File(StateHarness.FsA, 1);
    private static readonly FileKey FileB = StateHarness.File(StateHarness.FsB, 1);
    private static readonly Scope ScopeA = new(TestHost.Address(ServerA), StateHarness.FsA);
    private static readonly Scope ScopeB = new(TestHost.Address(ServerA), StateHarness.FsB);
    private static readonly LockRange Head = new(0, 99);

    private readonly StateHarness harness = new();

    private TestNfs4Client New(string name = "c", uint minor = 1, string server = ServerA, bool complete = true) =>
        new TestNfs4Client(harness, server, name, minor).Connect(complete);

    private static ClientRecord Record(string name) => new(new ClientName(NetAddress.Any, name));

    [TestCase(0u)]
    [TestCase(1u)]
    public void A_filesystem_is_released_with_its_opens_and_locks_and_another_is_not(uint minor)
    {
        var client = New(minor: minor);
        client.Open("o", FileA, ShareAccess.Both, ShareDeny.Both, out var a);
        client.Lock("o", "p", FileA, a, Head, out var locked);
        client.Open("o", FileB, ShareAccess.Both, ShareDeny.Both, out var b);
        Assert.That(harness.Release(ReleaseSelector.Of(StateHarness.FsA), dryRun: true), Is.EqualTo(new ReleaseCounts(1, 0, 0, 1, 1)));
        Assert.That(harness.Release(ReleaseSelector.Of(StateHarness.FsA)), Is.EqualTo(new ReleaseCounts(1, 0, 0, 1, 1)));
        Assert.That(client.Io(FileA, a, ShareAccess.Read), Is.EqualTo(Nfs4Status.AdminRevoked));
        Assert.That(client.Io(FileA, locked, ShareAccess.Read), Is.EqualTo(Nfs4Status.AdminRevoked));
        Assert.That(client.Io(FileB, b, ShareAccess.Read), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(client.Open("o", FileA, ShareAccess.Read, ShareDeny.None, out _), Is.EqualTo(Nfs4Status.Ok), "the client may go on");
    }

    [Test]
    public void An_address_is_released_and_the_other_is_not()
    {
        var a = New();
        var b = New(server: ServerB);
        a.Open("o", FileA, ShareAccess.Read, ShareDeny.None, out var openA);
        b.Open("o", FileA, ShareAccess.Read, ShareDeny.None, out var openB);
        harness.Release(ReleaseSelector.Address(TestHost.Address(ServerA)));
        Assert.That(a.Io(FileA, openA, ShareAccess.Read), Is.EqualTo(Nfs4Status.AdminRevoked));
        Assert.That(b.Io(FileA, openB, ShareAccess.Read), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(b.Beat(), Is.EqualTo(SequenceFlags.None));
    }

    [Test]
    public void A_client_learns_of_it_by_SEQUENCE_until_it_has_freed_each_open()
    {
        var client = New();
        client.Open("o", FileA, ShareAccess.Both, ShareDeny.None, out var first);
        client.Open("p", FileA, ShareAccess.Both, ShareDeny.None, out var second);
        harness.Release(ReleaseSelector.Of(StateHarness.FsA));
        client.Free(first);
        Assert.That(client.Beat(), Is.EqualTo(SequenceFlags.AdminStateRevoked));
        client.Free(second);
        Assert.That(client.Beat(), Is.EqualTo(SequenceFlags.None));
    }

    [Test]
    public void Freeing_a_lock_state_acknowledges_the_open_above_it()
    {
        var client = New();
        client.Open("o", FileA, ShareAccess.Both, ShareDeny.None, out var open);
        client.Lock("o", "p", FileA, open, Head, out var locked);
        Assert.That(client.Beat(), Is.EqualTo(SequenceFlags.None));
        harness.Release(ReleaseSelector.Of(StateHarness.FsA));
        Assert.That(client.Beat(), Is.EqualTo(SequenceFlags.AdminStateRevoked));
        Assert.That(client.Test(open), Is.EqualTo(Nfs4Status.AdminRevoked));
        Assert.That(client.Free(locked), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(client.Beat(), Is.EqualTo(SequenceFlags.None));
        Assert.That(client.Test(open), Is.EqualTo(Nfs4Status.AdminRevoked), "it is lost all the same");
        Assert.That(client.Free(open), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(client.Beat(), Is.EqualTo(SequenceFlags.None));
        Assert.That(client.Test(open), Is.EqualTo(Nfs4Status.BadStateId));
    }

    [Test]
    public void A_release_frees_before_the_sweep_has_come()
    {
        var slow = new StateHarness(new StateOptions { SweepSlice = 1 });
        var client = new TestNfs4Client(slow, ServerA, "c").Connect();
        client.Open("o", FileA, ShareAccess.Both, ShareDeny.None, out var open);
        for (int i = 0; i < 50; i++)
            client.Lock("o", "p" + i, FileA, open, new LockRange((ulong)i, (ulong)i), out _);
        var effects = new EffectList();
        using (var gate = slow.State.Enter(effects))
        {
            slow.State.Releases.Release(gate, ReleaseSelector.Of(StateHarness.FsA), false);
            Assert.That(client.Nfs4.States.Free(gate, client.Session!.Client, open), Is.EqualTo(Nfs4Status.Ok));
            Assert.That(client.Nfs4.States.Test(gate, client.Session!.Client, open), Is.EqualTo(Nfs4Status.BadStateId));
        }
        slow.Tick();
        Assert.That(slow.Counts().Locks, Is.Zero);
        Assert.That(client.Beat(), Is.EqualTo(SequenceFlags.None));
    }

    [Test]
    public void Lock_stateids_that_a_client_does_not_free_are_forgotten_after_a_lease()
    {
        var client = New();
        client.Open("o", FileA, ShareAccess.Both, ShareDeny.None, out var open);
        client.Lock("o", "p", FileA, open, Head, out var locked);
        harness.Release(ReleaseSelector.Of(StateHarness.FsA));
        client.Free(open);
        client.Open("o", FileB, ShareAccess.Both, ShareDeny.None, out _);
        for (int i = 0; i < 4; i++)
        {
            harness.Advance(TimeSpan.FromSeconds(20));
            Assert.That(client.Beat(), Is.EqualTo(SequenceFlags.None), "no open of it is left to tell of");
            Assert.That(client.Test(locked), Is.EqualTo(Nfs4Status.AdminRevoked));
        }
        for (int i = 0; i < 8; i++)
        {
            harness.Advance(TimeSpan.FromSeconds(20));
            client.Beat();
        }
        Assert.That(client.Test(locked), Is.EqualTo(Nfs4Status.BadStateId));
    }

    [Test]
    public void Minor_version_0_is_told_for_a_lease()
    {
        var client = New(minor: 0);
        client.Open("o", FileA, ShareAccess.Both, ShareDeny.None, out var open);
        harness.Release(ReleaseSelector.Of(StateHarness.FsA));
        for (int i = 0; i < 4; i++)
        {
            harness.Advance(TimeSpan.FromSeconds(20));
            Assert.That(client.Io(FileA, open, ShareAccess.Read), Is.EqualTo(Nfs4Status.AdminRevoked));
        }
        for (int i = 0; i < 10; i++)
        {
            harness.Advance(TimeSpan.FromSeconds(20));
            client.Renew();
        }
        Assert.That(client.Io(FileA, open, ShareAccess.Read), Is.EqualTo(Nfs4Status.BadStateId));
    }

    [Test]
    public void An_export_is_released_alone()
    {
        var client = New();
        client.Open("o", FileA, ShareAccess.Read, ShareDeny.None, out var one, tag: 1);
        client.Open("p", FileA, ShareAccess.Read, ShareDeny.None, out var two, tag: 2);
        harness.Release(new ReleaseSelector { FileSystem = StateHarness.FsA, ExportTags = new HashSet<uint> { 1 } });
        Assert.That(client.Io(FileA, one, ShareAccess.Read), Is.EqualTo(Nfs4Status.AdminRevoked));
        Assert.That(client.Io(FileA, two, ShareAccess.Read), Is.EqualTo(Nfs4Status.Ok));
    }

    [Test]
    public void In_a_window_known_clients_reclaim_and_others_wait()
    {
        harness.Load(ScopeA, Record("4.1 c"));
        harness.Open(ScopeA);
        var client = New(complete: false);
        var stranger = New("d");
        Assert.That(stranger.Open("o", FileA, ShareAccess.Read, ShareDeny.None, out _), Is.EqualTo(Nfs4Status.Grace));
        Assert.That(stranger.Open("o", FileA, ShareAccess.Read, ShareDeny.None, out _, reclaim: true), Is.EqualTo(Nfs4Status.NoGrace), "it said that it was done");
        Assert.That(stranger.Open("o", FileB, ShareAccess.Read, ShareDeny.None, out _), Is.EqualTo(Nfs4Status.Ok), "another filesystem");
        Assert.That(stranger.Io(FileA, StateId.Anonymous, ShareAccess.Write), Is.EqualTo(Nfs4Status.Grace));
        Assert.That(client.Open("o", FileA, ShareAccess.Both, ShareDeny.Both, out var open, reclaim: true), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(client.Lock("o", "p", FileA, open, Head, out _, reclaim: true), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(client.Io(FileA, open, ShareAccess.Write), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(client.ReclaimComplete(), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(harness.InWindow(ScopeA), Is.False, "everybody has come");
        Assert.That(client.Open("q", FileA, ShareAccess.Read, ShareDeny.None, out _, reclaim: true), Is.EqualTo(Nfs4Status.NoGrace));
        Assert.That(stranger.Open("o", FileA, ShareAccess.Read, ShareDeny.None, out _), Is.EqualTo(Nfs4Status.ShareDenied));
    }

    [Test]
    public void A_client_of_no_record_reclaims_nothing_and_one_from_elsewhere_neither()
    {
        harness.Load(ScopeA, Record("4.1 c"));
        harness.Open(ScopeA);
        Assert.That(New("d", complete: false).Open("o", FileA, ShareAccess.Read, ShareDeny.None, out _, reclaim: true), Is.EqualTo(Nfs4Status.ReclaimBad));
        var elsewhere = New(server: ServerB, complete: false);
        Assert.That(elsewhere.Open("o", FileA, ShareAccess.Read, ShareDeny.None, out _, reclaim: true), Is.EqualTo(Nfs4Status.NoGrace));
    }

    [Test]
    public void A_window_waits_for_each_client_and_each_filesystem_by_itself()
    {
        harness.Load(ScopeA, Record("4.1 c"), Record("4.1 d"));
        harness.Load(ScopeB, Record("4.1 c"));
        harness.Open(ScopeA);
        harness.Open(ScopeB);
        var c = New(complete: false);
        var d = New("d", complete: false);
        Assert.That(c.ReclaimComplete(StateHarness.FsA), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(c.ReclaimComplete(StateHarness.FsA), Is.EqualTo(Nfs4Status.CompleteAlready));
        Assert.That((harness.InWindow(ScopeA), harness.InWindow(ScopeB)), Is.EqualTo((true, true)));
        Assert.That(c.Open("o", FileB, ShareAccess.Read, ShareDeny.None, out _, reclaim: true), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(d.ReclaimComplete(), Is.EqualTo(Nfs4Status.Ok));
        Assert.That((harness.InWindow(ScopeA), harness.InWindow(ScopeB)), Is.EqualTo((false, true)));
        Assert.That(c.ReclaimComplete(), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(harness.InWindow(ScopeB), Is.False);
    }

    [Test]
    public void An_NLM_host_that_is_missing_keeps_the_window_open()
    {
        harness.Load(ScopeA, Record("4.1 c"), new ClientRecord(new ClientName(TestHost.Address("10.0.0.9"), "node")));
        harness.Open(ScopeA);
        New(complete: false).ReclaimComplete();
        Assert.That(harness.InWindow(ScopeA));
        Assert.That(harness.Lock(TestHost.Of("10.0.0.9", ServerA), 1, FileA, Head, reclaim: true), Is.EqualTo(LockOutcome.Granted));
    }

    [Test]
    public void What_was_released_may_be_reclaimed_when_the_address_comes_back()
    {
        var client = New();
        client.Open("o", FileA, ShareAccess.Both, ShareDeny.Both, out _);
        harness.Release(ReleaseSelector.Address(TestHost.Address(ServerA)));
        harness.Open(ScopeA);
        Assert.That(client.Open("o", FileA, ShareAccess.Both, ShareDeny.Both, out var open), Is.EqualTo(Nfs4Status.Grace));
        Assert.That(client.Open("o", FileA, ShareAccess.Both, ShareDeny.Both, out open, reclaim: true), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(client.Io(FileA, open, ShareAccess.Write), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(client.ReclaimComplete(), Is.EqualTo(Nfs4Status.Ok), "although it was complete before");
        Assert.That(harness.InWindow(ScopeA), Is.False);
    }

    [Test]
    public void What_another_got_meanwhile_is_forfeited_on_disk_first()
    {
        var client = New();
        client.Open("o", FileA, ShareAccess.Both, ShareDeny.Both, out _);
        var other = New("d", server: ServerB);
        harness.Release(ReleaseSelector.Address(TestHost.Address(ServerA)));
        var needs = new List<RecordNeedKind>();
        OpenTicket ticket = default;
        while (harness.Do((in GateScope gate) => other.Nfs4.Opens.Open(
            gate, new OpenRequest { Client = other.Session!.Client, Owner = "o"u8, File = FileA, Access = ShareAccess.Read }, out ticket)) == Nfs4Status.NeedsRecord)
        {
            needs.Add(ticket.Need.Kind);
            other.Record(ticket.Need);
        }
        Assert.That(needs, Is.EquivalentTo(new[] { RecordNeedKind.Forfeit, RecordNeedKind.Remember }));
        harness.Open(ScopeA);
        Assert.That(client.Open("o", FileA, ShareAccess.Both, ShareDeny.Both, out _, reclaim: true), Is.Not.EqualTo(Nfs4Status.Ok));
    }

    [Test]
    public void Who_freed_what_it_lost_may_reclaim_what_it_takes_from_then_on()
    {
        var client = New();
        client.Open("o", FileA, ShareAccess.Both, ShareDeny.Both, out var lost);
        harness.Release(ReleaseSelector.Address(TestHost.Address(ServerA)));
        Assert.That(New("d", server: ServerB).Open("o", FileA, ShareAccess.Read, ShareDeny.None, out _), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(NeedsOf(client, StateHarness.File(StateHarness.FsA, 2)).Select(n => n.Forfeited), Is.EqualTo(new[] { true }), "it may believe still that it has what it lost");
        Assert.That(client.Free(lost), Is.EqualTo(Nfs4Status.Ok));
        var needs = NeedsOf(client, StateHarness.File(StateHarness.FsA, 3));
        Assert.That(needs.Select(n => (n.Kind, n.Forfeited)), Is.EqualTo(new[] { (RecordNeedKind.Remember, false) }));
        Assert.That(NeedsOf(client, StateHarness.File(StateHarness.FsA, 4)), Is.Empty);
    }

    /// <summary>Opens a file, and tells which records were written for that.</summary>
    private List<RecordNeed> NeedsOf(TestNfs4Client client, FileKey file)
    {
        var needs = new List<RecordNeed>();
        OpenTicket ticket = default;
        while (harness.Do((in GateScope gate) => client.Nfs4.Opens.Open(
            gate, new OpenRequest { Client = client.Session!.Client, Owner = "o"u8, File = file, Access = ShareAccess.Read }, out ticket)) == Nfs4Status.NeedsRecord)
        {
            needs.Add(ticket.Need);
            client.Record(ticket.Need);
        }
        return needs;
    }

    [Test]
    public void After_the_window_reclaims_are_over_and_the_records_of_who_did_not_come_are_gone()
    {
        harness.Load(ScopeA, Record("4.1 c"));
        harness.Open(ScopeA, seconds: 90);
        var client = New(complete: false);
        harness.Advance(TimeSpan.FromSeconds(60));
        client.Beat();
        harness.Advance(TimeSpan.FromSeconds(60));
        Assert.That(harness.InWindow(ScopeA), Is.False);
        Assert.That(client.Open("o", FileA, ShareAccess.Read, ShareDeny.None, out _, reclaim: true), Is.EqualTo(Nfs4Status.NoGrace));
        Assert.That(harness.Known(ScopeA), Is.Empty);
    }

    [Test]
    public void A_client_of_minor_version_0_is_done_when_it_has_reclaimed_what_its_record_says()
    {
        harness.Load(ScopeA, Record("4.0 c") with { Held = 2 });
        harness.Open(ScopeA);
        var client = New(minor: 0);
        Assert.That(client.Open("o", FileA, ShareAccess.Both, ShareDeny.None, out var open, reclaim: true), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(harness.InWindow(ScopeA));
        Assert.That(client.Lock("o", "p", FileA, open, Head, out _, reclaim: true), Is.EqualTo(Nfs4Status.Ok));
        // What it has open for reading and for writing it reclaims in two steps, and counts as one.
        Assert.That(harness.InWindow(ScopeA));
        harness.Advance(TimeSpan.FromMilliseconds(900));
        Assert.That(client.Open("o", FileA, ShareAccess.Read, ShareDeny.None, out _, reclaim: true), Is.EqualTo(Nfs4Status.Ok));
        harness.Advance(TimeSpan.FromMilliseconds(900));
        Assert.That(harness.InWindow(ScopeA));
        harness.Advance(TimeSpan.FromMilliseconds(200));
        Assert.That(harness.InWindow(ScopeA), Is.False);
    }

    [Test]
    public void Reclaims_without_a_window_are_refused()
    {
        var client = New(complete: false);
        Assert.That(client.Open("o", FileA, ShareAccess.Read, ShareDeny.None, out _, reclaim: true), Is.EqualTo(Nfs4Status.NoGrace));
    }

    [Test]
    public void A_client_that_restarted_while_its_address_was_elsewhere_reclaims_what_it_got_there()
    {
        var old = New();
        old.Open("o", FileA, ShareAccess.Both, ShareDeny.Both, out _);
        harness.Release(ReleaseSelector.Address(TestHost.Address(ServerA)));
        harness.Load(ScopeA, Record("4.1 c"));
        harness.Open(ScopeA);
        var client = new TestNfs4Client(harness, ServerA, "c", verifier: 2).Connect(reclaimComplete: false);
        Assert.That(client.Open("o", FileA, ShareAccess.Read, ShareDeny.None, out _, reclaim: true), Is.EqualTo(Nfs4Status.Ok));
    }

    [Test]
    public void Stateids_of_before_the_move_are_forgotten_when_the_address_comes_back()
    {
        var client = New();
        client.Open("o", FileA, ShareAccess.Both, ShareDeny.Both, out var open);
        harness.Release(ReleaseSelector.Address(TestHost.Address(ServerA)));
        Assert.That(client.Beat(), Is.EqualTo(SequenceFlags.AdminStateRevoked));
        harness.Load(ScopeA, Record("4.1 c"));
        Assert.That(client.Beat(), Is.EqualTo(SequenceFlags.None));
        Assert.That(client.Test(open), Is.EqualTo(Nfs4Status.BadStateId));
    }

    [Test]
    public void A_client_that_was_removed_meanwhile_gets_nothing_more()
    {
        var gone = New();
        var session = gone.Session!.Client;
        var old = New("old", 0);
        var oldClient = old.Client();
        harness.Do((in GateScope gate) => gone.Nfs4.Clients.Expire(gate, (uint)gone.Id, out _));
        harness.Do((in GateScope gate) => gone.Nfs4.Clients.Expire(gate, (uint)old.Id, out _));
        Assert.That(harness.Do((in GateScope gate) => gone.Nfs4.Opens.Admit(gate, session, StateHarness.FsA, false)), Is.EqualTo(Nfs4Status.DeadSession));
        Assert.That(harness.Do((in GateScope gate) => gone.Nfs4.Clients.ReclaimComplete(gate, session, FsId.Any)), Is.EqualTo(Nfs4Status.DeadSession));
        Assert.That(harness.Do((in GateScope gate) => gone.Nfs4.Owners.BeginOpen(gate, oldClient, "o"u8, 1, out _)), Is.EqualTo(Nfs4Status.Expired));
        Assert.That(harness.Do((in GateScope gate) => gone.Nfs4.Locks.ReleaseOwner(gate, oldClient, "o"u8)), Is.EqualTo(Nfs4Status.Expired));
    }
}
