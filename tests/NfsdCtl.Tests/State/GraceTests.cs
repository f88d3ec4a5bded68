using NfsdCtl.State;
using NfsdCtl.State.Grace;
using NfsdCtl.State.Locks;
using NfsdCtl.State.Records;
using NfsdCtl.State.Release;
using NfsdCtl.State.Reports;
using NfsdCtl.State.Shares;

namespace NfsdCtl.Tests.State;

/// <summary>Grace windows: the table of admin-files ("what each request gets"), their course, and who may reclaim.</summary>
public sealed class GraceTests
{
    private static readonly TestHost OnA = TestHost.Of("10.9.0.1", "10.0.0.1");
    private static readonly TestHost OnB = TestHost.Of("10.9.0.1", "10.0.0.10");
    private static readonly TestHost Other = TestHost.Of("10.9.0.2", "10.0.0.1");
    private static readonly Scope AtA = new(OnA.Server, StateHarness.FsA);
    private static readonly Scope Boot = default;
    private static readonly FileKey File = StateHarness.File(StateHarness.FsA, 1);
    private static readonly FileKey Elsewhere = StateHarness.File(StateHarness.FsB, 1);

    private static ClientRecord Known(TestHost host, long? held = null) => new(new ClientName(host.Client, host.Name)) { Held = held };

    [TestCase(RequestKind.ReclaimLock, Admission.Reclaim, Admission.Reclaim, Admission.NotReclaimable, Admission.NoGrace)]
    [TestCase(RequestKind.ReclaimShare, Admission.Reclaim, Admission.Reclaim, Admission.NotReclaimable, Admission.NoGrace)]
    [TestCase(RequestKind.NewLock, Admission.Grace, Admission.Grace, Admission.Grace, Admission.Normal)]
    [TestCase(RequestKind.UnlockUnknown, Admission.Grace, Admission.Grace, Admission.Grace, Admission.Normal)]
    [TestCase(RequestKind.UnlockKnown, Admission.Normal, Admission.Normal, Admission.Normal, Admission.Normal)]
    [TestCase(RequestKind.Nfs4Reclaim, Admission.Reclaim, Admission.Reclaim, Admission.NotReclaimable, Admission.NoGrace)]
    [TestCase(RequestKind.Nfs4New, Admission.Grace, Admission.Grace, Admission.Grace, Admission.Normal)]
    [TestCase(RequestKind.Io, Admission.Normal, Admission.Normal, Admission.Normal, Admission.Normal)]
    public void Each_row_of_the_table(RequestKind kind, Admission global, Admission here, Admission otherAddress, Admission none)
    {
        Admission In(Scope? window)
        {
            var harness = new StateHarness();
            harness.Load(AtA, Known(OnA));
            harness.Load(new Scope(OnB.Server, StateHarness.FsA), Known(OnB));
            if (window is { } scope)
                harness.Open(scope);
            Assert.That(harness.Admit(new Scope(OnA.Server, StateHarness.FsB), RequestKind.NewLock, OnA), Is.EqualTo(window == Boot ? Admission.Grace : Admission.Normal));
            return harness.Admit(AtA, kind, OnA);
        }
        Assert.Multiple(() =>
        {
            Assert.That(In(Boot), Is.EqualTo(global));
            Assert.That(In(AtA), Is.EqualTo(here));
            Assert.That(In(new Scope(OnB.Server, StateHarness.FsA)), Is.EqualTo(otherAddress));
            Assert.That(In(null), Is.EqualTo(none));
        });
    }

    [Test]
    public void A_v4_mapped_address_is_the_same_window()
    {
        var harness = new StateHarness();
        harness.Load(AtA, Known(OnA));
        harness.Open(AtA);
        var mapped = TestHost.Of("::ffff:10.9.0.1", "::ffff:10.0.0.1");
        Assert.That(harness.Lock(mapped, 1, File, LockRange.All, reclaim: true), Is.EqualTo(LockOutcome.Granted));
    }

    [Test]
    public void A_client_without_a_record_may_reclaim_only_where_no_record_came_along()
    {
        var harness = new StateHarness();
        harness.Load(AtA, Known(OnA));
        harness.Open(AtA);
        Assert.That(harness.Lock(Other, 1, File, LockRange.All, reclaim: true), Is.EqualTo(LockOutcome.NotReclaimable));

        var open = new StateHarness();
        open.Open(AtA, anyone: true);
        Assert.That(open.Lock(Other, 1, File, LockRange.All, out var ticket, reclaim: true), Is.EqualTo(LockOutcome.Granted));
        Assert.That(ticket.Unrecorded, Is.True, "it is worth a warning");
    }

    [Test]
    public void A_window_admits_reclaims_only_when_it_is_on_disk_and_leaves_nothing_when_it_cannot_be()
    {
        var harness = new StateHarness { DiskFails = true };
        harness.Load(AtA, Known(OnA));
        harness.Open(AtA);
        Assert.That(harness.InWindow(AtA), Is.False);
        Assert.That(harness.Lock(Other, 1, File, LockRange.All, unmonitored: true), Is.EqualTo(LockOutcome.NeedsRecord), "no grace for anybody, but for the disk");

        var opening = new StateHarness();
        opening.Load(AtA, Known(OnA));
        var effects = new EffectList();
        using (var gate = opening.State.Enter(effects))
        {
            opening.State.Grace.Open(gate, new WindowRequest(AtA, TimeSpan.FromSeconds(60), "test", false, false), out long id);
            Assert.That(opening.State.Grace.Admit(gate, AtA, RequestKind.ReclaimLock, new Caller(OnA.Client, OnA.Server, "node"u8)), Is.EqualTo(Admission.Grace));
            Assert.That(opening.State.Grace.Admit(gate, AtA, RequestKind.NewLock, new Caller(OnA.Client, OnA.Server, "node"u8)), Is.EqualTo(Admission.Grace));
            opening.State.Grace.WindowPersisted(gate, id, true);
            Assert.That(opening.State.Grace.Admit(gate, AtA, RequestKind.ReclaimLock, new Caller(OnA.Client, OnA.Server, "node"u8)), Is.EqualTo(Admission.Reclaim));
        }
    }

    [Test]
    public void A_second_resume_extends_and_never_shortens()
    {
        var harness = new StateHarness();
        harness.Load(AtA, Known(OnA));
        Assert.That(harness.Open(AtA, 60), Is.EqualTo(OpenOutcome.Opened));
        harness.Advance(TimeSpan.FromSeconds(30));
        Assert.That(harness.Open(AtA, 60), Is.EqualTo(OpenOutcome.Extended));
        Assert.That(harness.Windows().Single().Left, Is.EqualTo(TimeSpan.FromSeconds(60)));
        harness.Open(AtA, 10);
        Assert.That(harness.Windows().Single().Left, Is.EqualTo(TimeSpan.FromSeconds(60)));
        harness.Advance(TimeSpan.FromSeconds(59));
        Assert.That(harness.InWindow(AtA), Is.True);
        harness.Advance(TimeSpan.FromSeconds(2));
        Assert.That(harness.InWindow(AtA), Is.False);
        Assert.That(harness.Lock(OnA, 1, File, LockRange.All, reclaim: true), Is.EqualTo(LockOutcome.NoGrace));
    }

    [TestCase(Reclaimers.Nlm, RequestKind.ReclaimLock, RequestKind.Nfs4Reclaim)]
    [TestCase(Reclaimers.Nfs4, RequestKind.Nfs4Reclaim, RequestKind.ReclaimLock)]
    public void A_window_may_end_for_one_kind_of_clients_and_new_locks_wait_for_both(Reclaimers first, RequestKind over, RequestKind still)
    {
        var harness = new StateHarness();
        var nfs4 = new TestHost(NetAddress.Any, OnA.Server, "4.1 node");
        TestHost Of(RequestKind kind) => kind == RequestKind.Nfs4Reclaim ? nfs4 : OnA;
        harness.Load(AtA, Known(OnA), Known(nfs4));
        harness.Open(Boot);

        Assert.That(harness.End(Boot, first), Is.True);
        Assert.That(harness.End(Boot, first), Is.False, "it is over for them");
        Assert.That(harness.Admit(AtA, over, Of(over)), Is.EqualTo(Admission.NoGrace));
        Assert.That(harness.Admit(AtA, still, Of(still)), Is.EqualTo(Admission.Reclaim));
        Assert.That(harness.Admit(AtA, RequestKind.NewLock, Other), Is.EqualTo(Admission.Grace));
        Assert.That(harness.Known(AtA).TrueForAll(c => c.MayReclaim), Is.True, "nobody's record is struck");

        Assert.That(harness.End(Boot, Reclaimers.All & ~first), Is.True);
        Assert.That(harness.InWindow(Boot), Is.False);
        Assert.That(harness.Admit(AtA, RequestKind.NewLock, Other), Is.EqualTo(Admission.Normal));
    }

    [Test]
    public void Clients_whose_grace_was_ended_are_not_waited_for()
    {
        var harness = new StateHarness();
        harness.Load(AtA, Known(OnA, held: 1), Known(new TestHost(NetAddress.Any, OnA.Server, "4.1 node")));
        harness.Open(Boot);
        harness.End(Boot, Reclaimers.Nfs4);
        Assert.That(harness.InWindow(Boot), Is.True);
        Assert.That(harness.Lock(OnA, 1, File, LockRange.All, reclaim: true), Is.EqualTo(LockOutcome.Granted));
        Assert.That(harness.InWindow(Boot), Is.False);
    }

    [Test]
    public void An_end_that_could_not_be_written_is_written_when_asked_again()
    {
        var harness = new StateHarness();
        harness.Load(AtA, Known(OnA));
        harness.Open(AtA);
        harness.DiskFails = true;
        harness.End(AtA);
        Assert.That(harness.InWindow(AtA), Is.True);
        harness.DiskFails = false;
        Assert.That(harness.End(AtA), Is.True);
        Assert.That(harness.InWindow(AtA), Is.False);
    }

    [Test]
    public void A_window_that_is_taken_back_takes_nobodys_record_along()
    {
        var harness = new StateHarness();
        harness.Load(AtA, Known(OnA));
        harness.Open(AtA);
        long window = harness.Windows().Single().Id;
        harness.Do((in GateScope gate) =>
        {
            harness.State.Grace.Withdraw(gate, window);
            return true;
        });
        Assert.That(harness.InWindow(AtA), Is.False);
        Assert.That(harness.Lock(OnA, 1, File, LockRange.All, reclaim: true), Is.EqualTo(LockOutcome.NoGrace));
        harness.Open(AtA);
        Assert.That(harness.Lock(OnA, 1, File, LockRange.All, reclaim: true), Is.EqualTo(LockOutcome.Granted));
    }

    [Test]
    public void New_locks_wait_until_the_end_is_on_disk()
    {
        var harness = new StateHarness();
        harness.Load(AtA, Known(OnA));
        harness.Open(AtA, 60);
        harness.DiskFails = true;
        harness.Advance(TimeSpan.FromSeconds(61));
        Assert.That(harness.Lock(Other, 1, File, LockRange.All, unmonitored: true), Is.EqualTo(LockOutcome.Grace), "the end is not durable");
        Assert.That(harness.Lock(OnA, 1, File, LockRange.All, reclaim: true), Is.EqualTo(LockOutcome.NoGrace), "but it is over for reclaims");
        Assert.That(harness.Open(AtA), Is.EqualTo(OpenOutcome.Ending));
        harness.DiskFails = false;
        harness.Advance(TimeSpan.FromSeconds(2));
        Assert.That(harness.Lock(Other, 1, File, LockRange.All), Is.EqualTo(LockOutcome.Granted));
    }

    [Test]
    public void A_window_ends_early_when_each_known_client_has_reclaimed_what_it_held()
    {
        var harness = new StateHarness();
        harness.Load(AtA, Known(OnA, held: 2), Known(Other, held: 1));
        harness.Open(AtA);
        harness.Lock(OnA, 1, File, new LockRange(0, 9), reclaim: true);
        harness.Lock(OnA, 1, File, new LockRange(0, 9), reclaim: true);
        Assert.That(harness.Windows().Single().Missing, Has.Count.EqualTo(2), "a retransmission counts once");
        harness.Lock(OnA, 1, File, new LockRange(20, 29), reclaim: true);
        Assert.That(harness.Windows().Single().Done.Single().Address, Is.EqualTo(OnA.Client));
        Assert.That(harness.InWindow(AtA), Is.True);
        harness.Lock(Other, 1, File, new LockRange(40, 49), reclaim: true);
        Assert.That(harness.InWindow(AtA), Is.False);
        Assert.That(harness.Lock(Other, 2, File, new LockRange(60, 69)), Is.EqualTo(LockOutcome.Granted));
    }

    [Test]
    public void The_end_of_a_patient_window_waits_while_reclaims_come()
    {
        var harness = new StateHarness();
        harness.Load(AtA, Known(OnA));
        harness.Open(AtA, 60, patient: true);
        Reclaim(harness, 0, TimeSpan.FromSeconds(59.5));
        harness.Advance(TimeSpan.FromSeconds(1));
        Assert.That(harness.InWindow(AtA), Is.True);
        Reclaim(harness, 1, TimeSpan.FromSeconds(0.2));
        harness.Advance(TimeSpan.FromSeconds(1.1));
        Assert.That(harness.InWindow(AtA), Is.False, "none came for a second");
    }

    [Test]
    public void A_patient_window_ends_after_twice_its_time_at_the_latest([Values] bool patient)
    {
        var harness = new StateHarness();
        harness.Load(AtA, Known(OnA));
        harness.Open(AtA, 60, patient: patient);
        int seconds = 0;
        for (; harness.InWindow(AtA) && seconds < 1000; seconds++)
            Reclaim(harness, seconds, TimeSpan.FromSeconds(1));
        Assert.That(seconds, Is.EqualTo(patient ? 120 : 60));
    }

    private static void Reclaim(StateHarness harness, int number, TimeSpan later)
    {
        harness.Advance(later);
        harness.Lock(OnA, 1, File, new LockRange((ulong)(10 * number), (ulong)(10 * number)), reclaim: true);
    }

    [Test]
    public void A_client_that_held_an_unknown_number_keeps_the_window_open_until_it_reboots()
    {
        var harness = new StateHarness();
        harness.Load(AtA, Known(OnA));
        harness.Open(AtA);
        harness.Lock(OnA, 1, File, LockRange.All, reclaim: true);
        Assert.That(harness.InWindow(AtA), Is.True);
        harness.Rebooted(OnA.Client, 3);
        Assert.That(harness.InWindow(AtA), Is.False);
        Assert.That(harness.Locks(), Is.Empty);
    }

    [Test]
    public void A_window_of_which_no_client_is_known_ends_at_once()
    {
        var harness = new StateHarness();
        harness.Load(AtA);
        harness.Open(AtA);
        Assert.That(harness.InWindow(AtA), Is.False);
    }

    [Test]
    public void Clients_that_did_not_come_back_lose_their_record_with_the_window()
    {
        var harness = new StateHarness();
        harness.Load(AtA, Known(OnA, 5), Known(Other, 5));
        harness.Open(AtA, 60);
        harness.Lock(OnA, 1, File, LockRange.All, reclaim: true);
        var ended = new List<EndedScope>();
        var effects = new EffectList();
        harness.Time.Advance(TimeSpan.FromSeconds(61));
        using (var gate = harness.State.Enter(effects))
        {
            var end = effects.Items[^1];
            Assert.That(end.Kind, Is.EqualTo(EffectKind.PersistWindowEnd));
            harness.State.Grace.CopyEnd(gate, end.Id, ended);
            harness.State.Grace.WindowEndPersisted(gate, end.Id, true);
        }
        Assert.That(ended.Single().Scope, Is.EqualTo(AtA));
        Assert.That(ended.Single().Gone.Single().Address, Is.EqualTo(Other.Client));
        Assert.That(harness.Known(AtA).Single().Name.Address, Is.EqualTo(OnA.Client));
        Assert.That(harness.Known(AtA).Single().MayReclaim, Is.False);
    }

    [Test]
    public void Reclaims_of_a_scope_go_on_while_another_window_covers_it()
    {
        var harness = new StateHarness();
        harness.Load(AtA, Known(OnA));
        harness.Open(Boot, 30);
        harness.Open(AtA, 90);
        harness.Advance(TimeSpan.FromSeconds(31));
        Assert.That(harness.Windows().Single().Scope, Is.EqualTo(AtA));
        Assert.That(harness.Lock(OnA, 1, File, LockRange.All, reclaim: true), Is.EqualTo(LockOutcome.Granted));
    }

    [Test]
    public void An_owner_of_this_life_may_unlock_in_a_grace_period_and_no_other()
    {
        var harness = new StateHarness();
        harness.Load(AtA, Known(OnA));
        harness.Open(AtA);
        Assert.That(harness.Unlock(OnA, 1, File, LockRange.All), Is.EqualTo(LockOutcome.Grace));
        harness.Lock(OnA, 1, File, LockRange.All, reclaim: true);
        Assert.That(harness.Unlock(OnA, 1, File, LockRange.All), Is.EqualTo(LockOutcome.Granted));
        Assert.That(harness.Unlock(OnA, 1, File, LockRange.All), Is.EqualTo(LockOutcome.Granted), "also a second time");
        Assert.That(harness.Cancel(OnA, 2, File, LockRange.All, LockKind.Write), Is.EqualTo(LockOutcome.Grace));
    }

    [Test]
    public void Waiters_are_granted_after_the_window_and_not_in_it()
    {
        var harness = new StateHarness();
        harness.Lock(OnA, 1, File, LockRange.All);
        Assert.That(harness.Lock(Other, 1, File, LockRange.All, block: true), Is.EqualTo(LockOutcome.Blocked));
        harness.Open(new Scope(OnB.Server, StateHarness.FsA), 60, anyone: true);
        harness.Unlock(OnA, 1, File, LockRange.All);
        Assert.That(harness.Granting, Is.Empty);
        harness.Advance(TimeSpan.FromSeconds(61));
        Assert.That(harness.Granting, Has.Count.EqualTo(1));
    }

    [Test]
    public void What_was_released_and_could_have_been_granted_to_another_is_not_reclaimed()
    {
        var harness = new StateHarness();
        harness.Lock(OnA, 1, File, new LockRange(0, 9));
        harness.Lock(OnB, 1, Elsewhere, new LockRange(0, 9));
        harness.Release(ReleaseSelector.Address(OnA.Server));
        Assert.That(harness.Seen.Single(e => e.Kind == EffectKind.NoteHeld).Value, Is.EqualTo(1));
        // Another client has the lock for a moment, through another address.
        var thief = TestHost.Of("10.9.0.3", "10.0.0.10");
        Assert.That(harness.Lock(thief, 1, File, LockRange.All, out var first), Is.EqualTo(LockOutcome.Granted));
        harness.Unlock(thief, 1, File, LockRange.All);
        harness.Open(AtA);
        Assert.That(harness.Lock(OnA, 1, File, new LockRange(0, 9), reclaim: true), Is.EqualTo(LockOutcome.NotReclaimable).Or.EqualTo(LockOutcome.NoGrace));
        Assert.That(harness.Locks().Any(l => l.File == File), Is.False);
    }

    [Test]
    public void A_conflicting_grant_waits_for_the_forfeit_to_be_on_disk()
    {
        var harness = new StateHarness();
        harness.Lock(OnA, 1, File, LockRange.All);
        harness.Lock(Other, 9, Elsewhere, LockRange.All);
        harness.Lock(OnB, 2, StateHarness.File(StateHarness.FsA, 2), LockRange.All);
        harness.Release(ReleaseSelector.Address(OnA.Server));
        harness.DiskFails = true;
        Assert.That(harness.Lock(OnB, 1, File, LockRange.All, out var ticket), Is.EqualTo(LockOutcome.NeedsRecord));
        Assert.That((ticket.Need.Kind, ticket.Need.Client.Address, ticket.Need.Scope), Is.EqualTo((RecordNeedKind.Forfeit, OnA.Client, AtA)));
        Assert.That(harness.Locks().Count(l => l.File == File), Is.Zero);
        harness.DiskFails = false;
        Assert.That(harness.Lock(OnB, 1, File, LockRange.All), Is.EqualTo(LockOutcome.Granted));
    }

    [Test]
    public void Who_waits_does_not_keep_a_reclaim_out()
    {
        var harness = new StateHarness();
        var reader = TestHost.Of("10.9.0.3", "10.0.0.10");
        harness.Lock(OnA, 1, File, LockRange.All, LockKind.Read);
        harness.Lock(reader, 1, File, LockRange.All, LockKind.Read);
        Assert.That(harness.Lock(OnB, 1, File, LockRange.All, block: true), Is.EqualTo(LockOutcome.Blocked));
        harness.Release(ReleaseSelector.Address(OnA.Server));
        harness.Open(AtA);
        Assert.That(harness.Lock(OnA, 1, File, LockRange.All, LockKind.Read, reclaim: true), Is.EqualTo(LockOutcome.Granted));
    }

    [Test]
    public void What_was_released_and_touched_by_nobody_may_be_reclaimed_after_resume()
    {
        var harness = new StateHarness();
        harness.Lock(OnA, 1, File, new LockRange(0, 9));
        harness.Lock(OnA, 1, File, new LockRange(20, 29));
        harness.Release(ReleaseSelector.Address(OnA.Server));
        harness.Open(AtA);
        Assert.That(harness.Lock(OnA, 1, File, new LockRange(0, 9), reclaim: true), Is.EqualTo(LockOutcome.Granted));
        Assert.That(harness.Lock(OnA, 1, File, new LockRange(20, 29), reclaim: true), Is.EqualTo(LockOutcome.Granted));
        Assert.That(harness.InWindow(AtA), Is.False, "both ranges are back");
    }

    [Test]
    public void No_more_windows_than_the_bound()
    {
        var harness = new StateHarness(new StateOptions { MaxWindows = 2 });
        harness.Open(AtA, anyone: true);
        harness.Open(new Scope(OnB.Server, StateHarness.FsA), anyone: true);
        Assert.That(harness.Open(new Scope(OnA.Server, StateHarness.FsB), anyone: true), Is.EqualTo(OpenOutcome.TooMany));
        Assert.That(harness.Open(AtA, anyone: true), Is.EqualTo(OpenOutcome.Extended));
    }

    [Test]
    public void A_window_is_announced_when_it_is_open()
    {
        var harness = new StateHarness();
        harness.Load(AtA, Known(OnA));
        harness.Open(AtA);
        Assert.That(harness.Seen.Where(e => e.Kind == EffectKind.NotifyClients).Select(e => e.Scope), Is.EqualTo(new[] { AtA }));
        Assert.That(harness.Windows().Single(), Has.Property(nameof(WindowInfo.Phase)).EqualTo(WindowPhase.Open));
    }

    [Test]
    public void A_share_is_reclaimed_in_a_window_and_refused_as_new()
    {
        var harness = new StateHarness();
        harness.Load(AtA, Known(OnA));
        harness.Open(AtA);
        Assert.That(harness.Share(OnA, "a", File, ShareDeny.Write, ShareAccess.Read), Is.EqualTo(LockOutcome.Grace));
        Assert.That(harness.Share(OnA, "a", File, ShareDeny.Write, ShareAccess.Read, reclaim: true), Is.EqualTo(LockOutcome.Granted));
        Assert.That(harness.Share(OnB, "a", File, ShareDeny.None, ShareAccess.Read, reclaim: true), Is.EqualTo(LockOutcome.NotReclaimable));
    }

    [Test]
    public void A_filesystem_that_leaves_takes_its_windows_and_records_along()
    {
        var harness = new StateHarness();
        harness.Load(AtA, Known(OnA));
        harness.Open(AtA);
        harness.Do((in GateScope gate) =>
        {
            harness.State.Clients.Unload(gate, StateHarness.FsA);
            return 0;
        });
        Assert.That(harness.Windows(), Is.Empty);
        Assert.That(harness.Known(AtA), Is.Empty);
        Assert.That(harness.Seen.Any(e => e.Kind == EffectKind.PersistWindowEnd), Is.False, "its disk still says that it is open");
    }
}
