using NfsdCtl.State;
using NfsdCtl.State.Locks;
using NfsdCtl.State.Records;
using NfsdCtl.State.Release;

namespace NfsdCtl.Tests.State;

/// <summary>Client records: written before the first lock, kept after the last, and removed in the end.</summary>
public sealed class ClientTests
{
    private static readonly TestHost Host = TestHost.Of("10.9.0.1", "10.0.0.1");
    private static readonly Scope Scope = new(Host.Server, StateHarness.FsA);
    private static readonly FileKey File = StateHarness.File(StateHarness.FsA, 1);

    [Test]
    public void A_LOCK_that_tells_of_a_reboot_frees_what_was_held_before_it_and_the_late_notice_of_it_frees_nothing()
    {
        var harness = new StateHarness { NsmState = 5 };
        harness.Lock(Host, 1, File, new LockRange(0, 9));
        harness.Lock(Host, 1, File, new LockRange(20, 29));
        harness.NsmState = 7;
        Assert.That(harness.Lock(Host, 1, File, new LockRange(0, 9)), Is.EqualTo(LockOutcome.Granted));
        Assert.That(harness.Locks(), Has.Count.EqualTo(1));
        Assert.That(harness.Known(Scope), Has.Count.EqualTo(1));
        Assert.That(harness.Rebooted(Host.Client, 7).Locks, Is.Zero);
        harness.NsmState = 5;
        Assert.That(harness.Lock(Host, 1, File, new LockRange(40, 49)), Is.EqualTo(LockOutcome.Granted), "one of before that was late");
        Assert.That(harness.Locks(), Has.Count.EqualTo(2));
    }

    [Test]
    public void No_lock_is_there_before_its_record_is_durable()
    {
        var harness = new StateHarness { DiskFails = true };
        Assert.That(harness.Lock(Host, 1, File, LockRange.All, out var ticket), Is.EqualTo(LockOutcome.NeedsRecord));
        Assert.That(ticket.Need.Kind, Is.EqualTo(RecordNeedKind.Remember));
        Assert.That(ticket.Need.Scope, Is.EqualTo(Scope));
        Assert.That(ticket.Need.Client, Is.EqualTo(new ClientName(Host.Client, "node")));
        Assert.That(harness.Locks(), Is.Empty);
        Assert.That(harness.Counts(), Has.Property("Files").Zero.And.Property("Owners").Zero);
        Assert.That(harness.Known(Scope), Is.Empty);
        Assert.That(harness.Lock(Host, 1, File, LockRange.All, unmonitored: true), Is.EqualTo(LockOutcome.Granted), "NM_LOCK needs no record");
    }

    [Test]
    public void A_waiter_is_not_promised_before_its_record_is_durable()
    {
        var harness = new StateHarness();
        harness.Lock(TestHost.Of("10.9.0.2", "10.0.0.1"), 1, File, LockRange.All);
        harness.DiskFails = true;
        Assert.That(harness.Lock(Host, 1, File, LockRange.All, block: true), Is.EqualTo(LockOutcome.NeedsRecord));
        Assert.That(harness.Waiters(), Is.Empty);
        Assert.That(harness.Lock(Host, 1, File, LockRange.All), Is.EqualTo(LockOutcome.Denied), "a refusal needs no record");
    }

    [Test]
    public void A_record_lingers_after_the_last_unlock_and_a_new_lock_keeps_it()
    {
        var harness = new StateHarness();
        harness.Lock(Host, 1, File, LockRange.All);
        harness.Unlock(Host, 1, File, LockRange.All);
        harness.Advance(TimeSpan.FromMinutes(4));
        harness.Lock(Host, 1, File, LockRange.All, out var ticket);
        Assert.That(ticket.Need.Kind, Is.EqualTo(RecordNeedKind.None), "a lone lock costs no write");
        harness.Advance(TimeSpan.FromMinutes(10));
        Assert.That(harness.Known(Scope), Has.Count.EqualTo(1));
        harness.Unlock(Host, 1, File, LockRange.All);
        harness.Advance(TimeSpan.FromMinutes(4));
        Assert.That(harness.Known(Scope), Has.Count.EqualTo(1));
        harness.Advance(TimeSpan.FromMinutes(2));
        Assert.That(harness.Known(Scope), Is.Empty);
        Assert.That(harness.Seen.Count(e => e.Kind == EffectKind.ForgetClient), Is.EqualTo(1));
    }

    [Test]
    public void A_removal_that_fails_is_tried_again_and_given_up_when_the_disk_is_gone()
    {
        var harness = new StateHarness();
        harness.Lock(Host, 1, File, LockRange.All);
        harness.Unlock(Host, 1, File, LockRange.All);
        harness.DiskFails = true;
        harness.Advance(TimeSpan.FromMinutes(6));
        Assert.That(harness.Known(Scope), Has.Count.EqualTo(1));
        for (int i = 0; i < 10; i++)
            harness.Advance(TimeSpan.FromSeconds(2));
        Assert.That(harness.Seen.Count(e => e.Kind == EffectKind.ForgetClient), Is.EqualTo(5));
        Assert.That(harness.Known(Scope), Is.Empty);
    }

    [Test]
    public void A_lock_that_comes_while_the_record_is_being_removed_writes_it_again()
    {
        var harness = new StateHarness();
        harness.Lock(Host, 1, File, LockRange.All);
        harness.Unlock(Host, 1, File, LockRange.All);
        harness.Time.Advance(TimeSpan.FromMinutes(6));
        var effects = new EffectList();
        harness.State.Enter(effects).Dispose();
        var forget = effects.Items[0];
        Assert.That(forget.Kind, Is.EqualTo(EffectKind.ForgetClient));

        LockOutcome Ask(out LockTicket ticket)
        {
            using var gate = harness.State.Enter(effects);
            return harness.State.Locks.Lock(gate, new LockRequest { Caller = new Caller(Host.Client, Host.Server, "node"u8), OwnerId = 1, File = File, Range = LockRange.All, Kind = LockKind.Write }, out ticket);
        }
        Assert.That(Ask(out var ticket), Is.EqualTo(LockOutcome.NeedsRecord));
        using (var gate = harness.State.Enter(effects))
            harness.State.Clients.Recorded(gate, ticket.Need, true);
        Assert.That(Ask(out _), Is.EqualTo(LockOutcome.NeedsRecord), "the removal may still overtake that record on the disk");
        using (var gate = harness.State.Enter(effects))
            harness.State.Clients.Forgotten(gate, forget.Id, true);
        Assert.That(Ask(out ticket), Is.EqualTo(LockOutcome.NeedsRecord));
        using (var gate = harness.State.Enter(effects))
            harness.State.Clients.Recorded(gate, ticket.Need, true);
        Assert.That(Ask(out _), Is.EqualTo(LockOutcome.Granted));
    }

    [Test]
    public void A_reboot_frees_what_that_client_held_through_every_address_once_for_each_state()
    {
        var harness = new StateHarness();
        var second = TestHost.Of("10.9.0.1", "10.0.0.2");
        var other = TestHost.Of("10.9.0.10", "10.0.0.1");
        harness.Lock(Host, 1, File, new LockRange(0, 0));
        harness.Lock(second, 1, File, new LockRange(1, 1));
        harness.Lock(other, 1, File, new LockRange(2, 2));
        var counts = harness.Rebooted(Host.Client, 5);
        Assert.That((counts.Locks, counts.Clients), Is.EqualTo((2L, 2)));
        Assert.That(harness.Locks().Single().Client.Address, Is.EqualTo(other.Client));
        harness.Lock(Host, 1, File, new LockRange(0, 0));
        Assert.That(harness.Rebooted(Host.Client, 5).Locks, Is.Zero, "the same state again is a repetition");
        Assert.That(harness.Rebooted(Host.Client, 7).Locks, Is.EqualTo(1));
        Assert.That(harness.Known(Scope).Select(k => k.Name.Address), Is.EqualTo(new[] { other.Client }));
    }

    [Test]
    public void A_reboot_of_one_name_leaves_other_names_at_the_address()
    {
        var harness = new StateHarness();
        var named = TestHost.Of("10.9.0.1", "10.0.0.1", "guest");
        harness.Lock(Host, 1, File, new LockRange(0, 0));
        harness.Lock(named, 1, File, new LockRange(1, 1));
        Assert.That(harness.Rebooted(Host.Client, 0, "guest").Locks, Is.EqualTo(1));
        Assert.That(harness.Locks().Single().Client.CallerName, Is.EqualTo("node"));
    }

    [Test]
    public void A_number_noted_at_a_release_is_dropped_before_a_new_lock_is_granted()
    {
        var harness = new StateHarness();
        harness.Lock(Host, 1, File, LockRange.All);
        harness.Release(ReleaseSelector.Address(Host.Server));
        harness.DiskFails = true;
        Assert.That(harness.Lock(Host, 1, File, LockRange.All, out var ticket), Is.EqualTo(LockOutcome.NeedsRecord));
        Assert.That(ticket.Need.Kind, Is.EqualTo(RecordNeedKind.Remember));
    }

    [Test]
    public void Hosts_are_bounded_and_idle_ones_make_room()
    {
        var harness = new StateHarness(new StateOptions { MaxHosts = 8, Linger = TimeSpan.FromSeconds(10) });
        for (int i = 0; i < 8; i++)
            Assert.That(harness.Lock(TestHost.Of($"10.9.1.{i}", "10.0.0.1"), 1, File, new LockRange((ulong)i, (ulong)i)), Is.EqualTo(LockOutcome.Granted));
        Assert.That(harness.Lock(Host, 1, File, new LockRange(99, 99)), Is.EqualTo(LockOutcome.NoResources));
        harness.Unlock(TestHost.Of("10.9.1.3", "10.0.0.1"), 1, File, LockRange.All);
        harness.Advance(TimeSpan.FromSeconds(11));
        Assert.That(harness.Lock(Host, 1, File, new LockRange(99, 99)), Is.EqualTo(LockOutcome.Granted));
        Assert.That(harness.Counts().Hosts, Is.EqualTo(8));
    }
}
