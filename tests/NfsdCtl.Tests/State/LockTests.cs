using NfsdCtl.State;
using NfsdCtl.State.Locks;
using NfsdCtl.State.Release;
using NfsdCtl.State.Shares;

namespace NfsdCtl.Tests.State;

/// <summary>Byte ranges and waiters: what the random test cannot say by name.</summary>
public sealed class LockTests
{
    private static readonly TestHost A = TestHost.Of("10.9.0.1", "10.0.0.1");
    private static readonly TestHost B = TestHost.Of("10.9.0.2", "10.0.0.1");
    private static readonly TestHost C = TestHost.Of("10.9.0.3", "10.0.0.10");
    private static readonly FileKey File = StateHarness.File(StateHarness.FsA, 1);
    private static readonly FileKey Second = StateHarness.File(StateHarness.FsA, 2);

    [TestCase(0ul, 0ul, true, 0ul, ulong.MaxValue)]
    [TestCase(5ul, 1ul, true, 5ul, 5ul)]
    [TestCase(ulong.MaxValue, 1ul, true, ulong.MaxValue, ulong.MaxValue)]
    [TestCase(1ul, ulong.MaxValue, true, 1ul, ulong.MaxValue)]
    [TestCase(2ul, ulong.MaxValue, false, 0ul, 0ul)]
    [TestCase(ulong.MaxValue, 2ul, false, 0ul, 0ul)]
    public void A_range_whose_end_has_no_offset_is_refused(ulong offset, ulong length, bool fits, ulong start, ulong end)
    {
        Assert.That(LockRange.TryFrom(offset, length, out var range), Is.EqualTo(fits));
        if (fits)
            Assert.That(range, Is.EqualTo(new LockRange(start, end)));
    }

    [Test]
    public void The_holder_is_named()
    {
        var harness = new StateHarness();
        harness.Lock(A, 42, File, new LockRange(10, 19), LockKind.Read);
        var holder = new LockHolder();
        Assert.That(harness.Test(B, 1, File, new LockRange(15, 30), LockKind.Write, holder), Is.EqualTo(LockOutcome.Denied));
        Assert.That((holder.OwnerId, holder.Range, holder.Kind, holder.Client.Address, holder.Waits), Is.EqualTo((42ul, new LockRange(10, 19), LockKind.Read, A.Client, false)));
        Assert.That(holder.OwnerHandle.ToArray(), Is.EqualTo("42@node"u8.ToArray()));
        Assert.That(harness.Test(B, 1, File, new LockRange(15, 30), LockKind.Read), Is.EqualTo(LockOutcome.Granted));
    }

    [Test]
    public void A_reader_does_not_pass_a_waiting_writer_and_a_holder_may_upgrade_past_it()
    {
        var harness = new StateHarness();
        harness.Lock(A, 1, File, LockRange.All, LockKind.Read);
        Assert.That(harness.Lock(B, 1, File, new LockRange(0, 9), LockKind.Write, block: true), Is.EqualTo(LockOutcome.Blocked));
        Assert.That(harness.Lock(C, 1, File, new LockRange(0, 9), LockKind.Read), Is.EqualTo(LockOutcome.Denied), "it would starve the writer");
        Assert.That(harness.Lock(C, 1, File, new LockRange(10, 19), LockKind.Read), Is.EqualTo(LockOutcome.Granted), "another range");
        harness.Unlock(C, 1, File, LockRange.All);
        Assert.That(harness.Lock(A, 1, File, LockRange.All, LockKind.Write), Is.EqualTo(LockOutcome.Granted), "the writer waits for it");
    }

    [Test]
    public void A_stream_of_readers_does_not_starve_a_writer()
    {
        var harness = new StateHarness();
        harness.Lock(A, 1, File, LockRange.All, LockKind.Read);
        harness.Lock(B, 1, File, LockRange.All, LockKind.Write, block: true);
        for (ulong owner = 10; owner < 30; owner++)
            Assert.That(harness.Lock(C, owner, File, LockRange.All, LockKind.Read, block: true), Is.EqualTo(LockOutcome.Blocked));
        Assert.That(harness.Locks().Single().Waiters, Is.EqualTo(1), "readers wait for the writer, not for a reader");
        harness.Unlock(A, 1, File, LockRange.All);
        var granted = harness.Waiters().Where(w => w.Granting).ToList();
        Assert.That(granted.Single().Wanted.Client.Address, Is.EqualTo(B.Client));
        harness.Answer(harness.Granting[0], B.Client, GrantAnswer.Accepted);
        harness.Unlock(B, 1, File, LockRange.All);
        Assert.That(harness.Granting, Has.Count.EqualTo(20), "then all readers at once");
    }

    [Test]
    public void A_circle_of_waiting_owners_is_a_deadlock()
    {
        var harness = new StateHarness();
        harness.Lock(A, 1, File, LockRange.All);
        harness.Lock(B, 1, Second, LockRange.All);
        Assert.That(harness.Lock(A, 1, Second, LockRange.All, block: true), Is.EqualTo(LockOutcome.Blocked));
        Assert.That(harness.Lock(B, 1, File, LockRange.All, block: true), Is.EqualTo(LockOutcome.Deadlock));
        Assert.That(harness.Lock(B, 2, File, LockRange.All, block: true), Is.EqualTo(LockOutcome.Blocked), "another owner");
    }

    [Test]
    public void A_circle_that_only_fairness_closes_is_opened()
    {
        var harness = new StateHarness();
        harness.Lock(A, 1, File, LockRange.All, LockKind.Read);
        harness.Lock(C, 1, Second, LockRange.All);
        harness.Lock(B, 1, File, LockRange.All, LockKind.Write, block: true);
        // C waits behind B only because B came first; then A waits for C, B for A: nobody would ever go on.
        Assert.That(harness.Lock(C, 1, File, LockRange.All, LockKind.Read, block: true), Is.EqualTo(LockOutcome.Blocked));
        Assert.That(harness.Granting, Is.Empty);
        Assert.That(harness.Lock(A, 1, Second, LockRange.All, block: true), Is.EqualTo(LockOutcome.Blocked));
        Assert.That(harness.Waiters().Single(w => w.Granting).Wanted.Client.Address, Is.EqualTo(C.Client));
    }

    [Test]
    public void A_retransmitted_wait_is_one_waiter_and_a_retry_during_the_grant_is_granted()
    {
        var harness = new StateHarness();
        harness.Lock(A, 1, File, LockRange.All);
        harness.Lock(B, 1, File, LockRange.All, out var first, block: true);
        Assert.That(harness.Lock(B, 1, File, LockRange.All, out var again, block: true), Is.EqualTo(LockOutcome.Blocked));
        Assert.That(again.Id, Is.EqualTo(first.Id));
        harness.Unlock(A, 1, File, LockRange.All);
        Assert.That(harness.Lock(B, 1, File, LockRange.All, block: true), Is.EqualTo(LockOutcome.Granted));
        Assert.That(harness.Answer(first.Id, B.Client, GrantAnswer.Denied), Is.False, "a late answer changes nothing");
        Assert.That(harness.Locks().Single().Client.Address, Is.EqualTo(B.Client));
    }

    [Test]
    public void Granted_is_sent_again_and_given_up_in_the_end()
    {
        var harness = new StateHarness(new StateOptions { GrantAttempts = 3 });
        harness.Lock(A, 1, File, LockRange.All);
        harness.Lock(B, 1, File, LockRange.All, out var ticket, block: true);
        harness.Unlock(A, 1, File, LockRange.All);
        Assert.That(harness.Answer(ticket.Id, A.Client, GrantAnswer.Accepted), Is.False, "not its client");
        harness.Answer(ticket.Id, B.Client, GrantAnswer.Retry);
        int Sent() => harness.Seen.Count(e => e.Kind == EffectKind.GrantWaiter);
        harness.Advance(TimeSpan.FromSeconds(9));
        Assert.That(Sent(), Is.EqualTo(1));
        harness.Advance(TimeSpan.FromSeconds(2));
        Assert.That(Sent(), Is.EqualTo(2));
        harness.Answer(ticket.Id, B.Client, GrantAnswer.Sent);
        harness.Advance(TimeSpan.FromSeconds(59));
        Assert.That(Sent(), Is.EqualTo(2));
        harness.Advance(TimeSpan.FromSeconds(2));
        Assert.That(Sent(), Is.EqualTo(3));
        harness.Advance(TimeSpan.FromSeconds(61));
        Assert.That(harness.Waiters(), Is.Empty);
        Assert.That(harness.Lock(A, 1, File, LockRange.All), Is.EqualTo(LockOutcome.Granted), "nothing of it stays");
    }

    [Test]
    public void A_denied_grant_leaves_what_the_owner_held_before()
    {
        var harness = new StateHarness();
        harness.Lock(A, 1, File, new LockRange(0, 9), LockKind.Read);
        harness.Lock(B, 1, File, LockRange.All, LockKind.Read);
        harness.Lock(A, 1, File, new LockRange(0, 9), out var ticket, LockKind.Write, block: true);
        harness.Unlock(B, 1, File, LockRange.All);
        Assert.That(harness.Lock(B, 1, File, new LockRange(5, 5), LockKind.Read), Is.EqualTo(LockOutcome.Denied), "reserved");
        harness.Answer(ticket.Id, A.Client, GrantAnswer.Denied);
        Assert.That(harness.Locks().Single(), Has.Property("Range").EqualTo(new LockRange(0, 9)).And.Property("Kind").EqualTo(LockKind.Read));
    }

    [Test]
    public void Waiters_are_bounded_per_file_and_per_host()
    {
        var harness = new StateHarness(new StateOptions { MaxWaitersPerFile = 2, MaxWaitersPerHost = 1 });
        harness.Lock(A, 1, File, LockRange.All);
        Assert.That(harness.Lock(B, 1, File, LockRange.All, block: true), Is.EqualTo(LockOutcome.Blocked));
        Assert.That(harness.Lock(B, 2, File, LockRange.All, block: true), Is.EqualTo(LockOutcome.NoResources));
        Assert.That(harness.Lock(C, 1, File, LockRange.All, block: true), Is.EqualTo(LockOutcome.Blocked));
        Assert.That(harness.Lock(A, 2, File, LockRange.All, block: true), Is.EqualTo(LockOutcome.NoResources));
    }

    [Test]
    public void A_full_table_refuses_and_changes_nothing()
    {
        var harness = new StateHarness(new StateOptions { MaxLocks = 6 });
        Assert.That(harness.Lock(A, 1, File, new LockRange(0, 9)), Is.EqualTo(LockOutcome.Granted));
        var outcomes = Enumerable.Range(2, 10).Select(i => harness.Lock(A, 1, File, new LockRange((ulong)i * 10, (ulong)i * 10))).ToList();
        Assert.That(outcomes, Has.Some.EqualTo(LockOutcome.NoResources));
        Assert.That(harness.Locks(), Has.Count.LessThanOrEqualTo(6));
        Assert.That(harness.Unlock(A, 1, File, LockRange.All), Is.EqualTo(LockOutcome.Granted));
        Assert.That(harness.Counts(), Has.Property("Locks").Zero.And.Property("Files").Zero);
    }

    [Test]
    public void A_tentative_lock_is_seen_by_nobody_as_held_and_keeps_others_out()
    {
        var harness = new StateHarness();
        harness.Lock(A, 1, File, new LockRange(0, 99), LockKind.Read);
        Assert.That(harness.Lock(A, 1, File, new LockRange(50, 59), out var ticket, local: true), Is.EqualTo(LockOutcome.Tentative));
        Assert.That(harness.Lock(B, 1, File, new LockRange(55, 55), LockKind.Read), Is.EqualTo(LockOutcome.Denied));
        Assert.That(harness.Locks(), Has.Count.EqualTo(1));
        Assert.That(harness.Cover(File, LockRange.All).Select(c => (c.Range.Start, c.Range.End, c.Kind)), Is.EqualTo(new[]
        {
            (0ul, 49ul, LockKind.Read), (50ul, 59ul, LockKind.Write), (60ul, 99ul, LockKind.Read),
        }));
        Assert.That(harness.Withdraw(ticket.Id), Is.EqualTo(LockOutcome.Denied));
        Assert.That(harness.Locks().Single().Range, Is.EqualTo(new LockRange(0, 99)));
        harness.Lock(A, 1, File, new LockRange(50, 59), out ticket, local: true);
        Assert.That(harness.Confirm(ticket.Id), Is.EqualTo(LockOutcome.Granted));
        Assert.That(harness.Locks(), Has.Count.EqualTo(3));
        Assert.That(harness.Confirm(ticket.Id), Is.EqualTo(LockOutcome.NotFound));
    }

    [Test]
    public void A_release_overtakes_a_tentative_lock()
    {
        var harness = new StateHarness();
        harness.Lock(A, 1, File, LockRange.All, out var ticket, local: true);
        harness.Release(ReleaseSelector.Address(A.Server));
        Assert.That(harness.Confirm(ticket.Id), Is.EqualTo(LockOutcome.NotFound));
        Assert.That(harness.Counts(), Has.Property("Locks").Zero.And.Property("Files").Zero);
        Assert.That(harness.Seen[^1].Kind, Is.EqualTo(EffectKind.FileIdle).Or.EqualTo(EffectKind.NoteHeld).Or.EqualTo(EffectKind.CoverLocally));
    }

    [Test]
    public void A_waiter_that_a_local_program_holds_up_is_tried_again()
    {
        var harness = new StateHarness();
        harness.Lock(A, 1, File, LockRange.All, out var ticket, block: true, local: true);
        Assert.That(harness.Withdraw(ticket.Id), Is.EqualTo(LockOutcome.Blocked));
        Assert.That(harness.Seen.Count(e => e.Kind == EffectKind.TryLocal), Is.Zero);
        harness.Advance(TimeSpan.FromSeconds(1));
        Assert.That(harness.Seen.Count(e => e.Kind == EffectKind.TryLocal), Is.EqualTo(1));
        Assert.That(harness.Withdraw(ticket.Id), Is.EqualTo(LockOutcome.Blocked));
        harness.Do((in GateScope gate) =>
        {
            harness.State.Locks.LocalReleased(gate, File);
            return 0;
        });
        Assert.That(harness.Seen.Count(e => e.Kind == EffectKind.TryLocal), Is.EqualTo(2));
        Assert.That(harness.Confirm(ticket.Id), Is.EqualTo(LockOutcome.Blocked));
        Assert.That(harness.Granting, Is.EqualTo(new[] { ticket.Id }));
        harness.Answer(ticket.Id, A.Client, GrantAnswer.Accepted);
        Assert.That(harness.Locks(), Has.Count.EqualTo(1));
    }

    [Test]
    public void A_cover_is_bounded_and_never_less_than_what_is_held()
    {
        var harness = new StateHarness();
        var random = new Random(7);
        for (int i = 0; i < 500; i++)
        {
            ulong start = (ulong)random.Next(100_000);
            harness.Lock(A, (ulong)(i % 5), File, new LockRange(start, start + (ulong)random.Next(20)), (LockKind)random.Next(2));
            var cover = harness.Cover(File, LockRange.All);
            Assert.That(cover, Has.Length.LessThanOrEqualTo(LockTable.MaxCover));
            for (int j = 1; j < cover.Length; j++)
                Assert.That(cover[j].Range.Start, Is.GreaterThan(cover[j - 1].Range.End));
            foreach (var held in i % 25 == 0 ? harness.Locks() : [])
            {
                for (ulong at = held.Range.Start; at <= held.Range.End; at++)
                {
                    Assert.That(
                        cover.Any(c => c.Range.Start <= at && at <= c.Range.End && (c.Kind == LockKind.Write || held.Kind == LockKind.Read)), Is.True,
                        $"{at} of {held.Range}");
                }
            }
        }
        Assert.That(harness.Locks(), Has.Count.GreaterThan(200));
        harness.Release(ReleaseSelector.Of(StateHarness.FsA));
        Assert.That(harness.Cover(File, LockRange.All), Is.Empty);
    }

    [Test]
    public void A_cover_of_a_part_of_a_file_is_what_is_held_there()
    {
        var harness = new StateHarness();
        var random = new Random(11);
        for (int i = 0; i < 400; i++)
        {
            ulong start = (ulong)random.Next(200);
            var range = new LockRange(start, start + (ulong)random.Next(12));
            if (random.Next(3) == 0)
                harness.Unlock(A, (ulong)(i % 3), File, range);
            else
                harness.Lock(A, (ulong)(i % 3), File, range, (LockKind)random.Next(2));
            ulong from = (ulong)random.Next(200);
            var window = new LockRange(from, from + (ulong)random.Next(40));
            var held = harness.Locks();
            var cover = harness.Cover(File, window);
            Assert.That(cover.All(c => window.Contains(c.Range)), Is.True);
            for (ulong at = window.Start; at <= window.End; at++)
            {
                var here = held.Where(l => l.Range.Start <= at && at <= l.Range.End).Select(l => (LockKind?)l.Kind).Max();
                var covered = cover.Where(c => c.Range.Start <= at && at <= c.Range.End).Select(c => (LockKind?)c.Kind).Max();
                Assert.That(covered, Is.EqualTo(here), $"{at} in {window}");
            }
        }
    }

    [Test]
    public void Exactly_the_locks_of_an_address_go_and_those_behind_them_are_granted()
    {
        var harness = new StateHarness(new StateOptions { SweepSlice = 3 });
        for (ulong i = 0; i < 40; i++)
        {
            harness.Lock(A, i, File, new LockRange(i * 10, i * 10 + 4));
            harness.Lock(C, i, File, new LockRange(i * 10 + 5, i * 10 + 9));
        }
        harness.Share(A, "oh", Second, ShareDeny.Read, ShareAccess.Read);
        harness.Lock(C, 99, File, new LockRange(0, 4), block: true);
        var effects = new EffectList();
        ReleaseCounts counts;
        using (var gate = harness.State.Enter(effects))
        {
            counts = harness.State.Releases.Release(gate, ReleaseSelector.Address(A.Server), false);
            var state = harness.State.Reports.Counts(gate);
            Assert.That((state.Locks, state.Unswept), Is.EqualTo((40L, 40L)), "gone at once, and swept later");
            Assert.That(harness.State.Releases.SweepPending(gate), Is.True);
        }
        Assert.That((counts.Locks, counts.Shares, counts.Clients), Is.EqualTo((40L, 1L, 1)));
        Assert.That(effects.NextDue, Is.Zero);
        Assert.That(harness.Lock(A, 7, File, new LockRange(71, 72)), Is.EqualTo(LockOutcome.Granted), "locked anew right away");
        harness.Tick();
        Assert.That(harness.Granting, Has.Count.EqualTo(1));
        Assert.That(harness.Locks().Count(l => l.Server == C.Server), Is.EqualTo(40));
        Assert.That(harness.Locks().Count(l => l.Server == A.Server), Is.EqualTo(1));
    }

    [Test]
    public void One_export_can_be_released_by_itself()
    {
        var harness = new StateHarness();
        harness.Lock(A, 1, File, new LockRange(0, 0), tag: 1);
        harness.Lock(A, 1, File, new LockRange(1, 1), tag: 2);
        var counts = harness.Release(new ReleaseSelector { FileSystem = StateHarness.FsA, ExportTags = new HashSet<uint> { 2 } });
        Assert.That(counts.Locks, Is.EqualTo(1));
        Assert.That(harness.Locks().Single().Range, Is.EqualTo(new LockRange(0, 0)));
    }

    [Test]
    public void An_owner_keeps_one_set_of_ranges_over_two_exports_of_a_file()
    {
        var harness = new StateHarness();
        harness.Lock(A, 1, File, new LockRange(0, 9), tag: 1);
        Assert.That(harness.Lock(A, 1, File, new LockRange(5, 14), LockKind.Read, tag: 2), Is.EqualTo(LockOutcome.Granted));
        Assert.That(harness.Test(B, 1, File, new LockRange(5, 9), LockKind.Read), Is.EqualTo(LockOutcome.Granted));
        harness.Unlock(A, 1, File, LockRange.All);
        Assert.That(harness.Locks(), Is.Empty);
    }
}
