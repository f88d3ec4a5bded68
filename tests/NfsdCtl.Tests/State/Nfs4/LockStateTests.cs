using NfsdCtl.State;
using NfsdCtl.State.Locks;
using NfsdCtl.State.Nfs4;
using NfsdCtl.State.Shares;

namespace NfsdCtl.Tests.State.Nfs4;

/// <summary>Byte-range locks of NFSv4, beside those of NLM.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class LockStateTests
{
    private static readonly FileKey File = StateHarness.File(StateHarness.FsA, 1);
    private static readonly LockRange Head = new(0, 99);
    private static readonly LockRange Tail = new(100, 199);
    private static readonly TestHost Host = TestHost.Of("10.0.0.9", "10.0.0.1");

    private readonly StateHarness harness = new();

    private TestNfs4Client New(out StateId open, string name = "c", uint minor = 1)
    {
        var client = new TestNfs4Client(harness, "10.0.0.1", name, minor).Connect();
        Assert.That(client.Open("o", File, ShareAccess.Both, ShareDeny.None, out open), Is.EqualTo(Nfs4Status.Ok));
        return client;
    }

    [TestCase(0u)]
    [TestCase(1u)]
    public void A_lock_has_a_stateid_that_grows_with_each_change(uint minor)
    {
        var client = New(out var open, minor: minor);
        Assert.That(client.Lock("o", "p", File, open, Head, out var first), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(first.Sequence, Is.EqualTo(1));
        Assert.That(client.Lock("o", "p", File, first, Tail, out var second, newOwner: false), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(second, Is.EqualTo(first with { Sequence = 2 }));
        Assert.That(client.Io(File, second, ShareAccess.Write), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(client.Unlock("p", File, ref second, LockRange.All), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(second.Sequence, Is.EqualTo(3));
        Assert.That(harness.Counts().Locks, Is.Zero);
    }

    [Test]
    public void Locks_of_NFSv4_and_NLM_stand_against_each_other()
    {
        var client = New(out var open);
        Assert.That(client.Lock("o", "p", File, open, Head, out var id), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(harness.Lock(Host, 1, File, Head), Is.EqualTo(LockOutcome.Denied));
        Assert.That(harness.Lock(Host, 1, File, Tail), Is.EqualTo(LockOutcome.Granted));
        var holder = new LockHolder();
        Assert.That(client.Lock("o", "p", File, id, LockRange.All, out _, newOwner: false, holder: holder), Is.EqualTo(Nfs4Status.Denied));
        Assert.That((holder.Range, holder.ClientId, holder.OwnerKind), Is.EqualTo((Tail, 0ul, OwnerKind.Nlm)));
        Assert.That(harness.Test(Host, 1, File, Head, LockKind.Read, holder), Is.EqualTo(LockOutcome.Denied));
        Assert.That(holder.ClientId, Is.EqualTo(client.Id));
        Assert.That(holder.OwnerHandle.ToArray(), Is.EqualTo("p"u8.ToArray()));
    }

    [Test]
    public void A_lock_test_sees_other_owners_only()
    {
        var client = New(out var open);
        client.Lock("o", "p", File, open, Head, out _);
        Assert.That(client.LockTest("p", File, LockRange.All, LockKind.Write), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(client.LockTest("q", File, LockRange.All, LockKind.Read), Is.EqualTo(Nfs4Status.Denied));
        Assert.That(client.LockTest("q", File, Tail, LockKind.Write), Is.EqualTo(Nfs4Status.Ok));
    }

    [Test]
    public void The_open_has_to_allow_the_lock()
    {
        var client = new TestNfs4Client(harness, "10.0.0.1", "c").Connect();
        client.Open("o", File, ShareAccess.Read, ShareDeny.None, out var open);
        Assert.That(client.Lock("o", "p", File, open, Head, out _), Is.EqualTo(Nfs4Status.OpenMode));
        Assert.That(client.Lock("o", "p", File, open, Head, out _, LockKind.Read), Is.EqualTo(Nfs4Status.Ok));
    }

    [TestCase(0u)]
    [TestCase(1u)]
    public void Closing_gives_the_locks_back(uint minor)
    {
        var client = New(out var open, minor: minor);
        client.Lock("o", "p", File, open, Head, out var id);
        client.Lock("o", "q", File, open, Tail, out _);
        Assert.That(client.Close("o", File, open), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(client.Io(File, id, ShareAccess.Read), Is.EqualTo(Nfs4Status.BadStateId));
        Assert.That(harness.Lock(Host, 1, File, LockRange.All), Is.EqualTo(LockOutcome.Granted));
    }

    [Test]
    public void Closing_one_of_two_opens_gives_back_what_the_owner_locked_under_it()
    {
        var client = New(out var first);
        client.Lock("o", "p", File, first, Tail, out var held);
        client.Unlock("p", File, ref held, Tail);
        client.Open("another", File, ShareAccess.Both, ShareDeny.None, out var second);
        client.Lock("another", "p", File, second, Head, out var id);
        Assert.That(id.Number, Is.Not.EqualTo(held.Number), "a lock state is of one open");
        Assert.That(client.Close("another", File, second), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(client.Test(id), Is.EqualTo(Nfs4Status.BadStateId));
        Assert.That(client.Test(held), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(harness.Lock(Host, 1, File, LockRange.All), Is.EqualTo(LockOutcome.Granted));
    }

    [Test]
    public void A_stateid_with_locks_is_not_freed()
    {
        var client = New(out var open);
        client.Lock("o", "p", File, open, Head, out var id);
        Assert.That(client.Free(id), Is.EqualTo(Nfs4Status.LocksHeld));
        Assert.That(client.Free(open), Is.EqualTo(Nfs4Status.LocksHeld));
        client.Unlock("p", File, ref id, Head);
        Assert.That(client.Free(id), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(client.Free(id), Is.EqualTo(Nfs4Status.BadStateId));
        Assert.That(client.Test(id), Is.EqualTo(Nfs4Status.BadStateId));
        Assert.That(client.Test(open), Is.EqualTo(Nfs4Status.Ok));
    }

    [Test]
    public void A_lock_owner_is_released_when_it_holds_nothing()
    {
        var client = New(out var open, minor: 0);
        client.Lock("o", "p", File, open, Head, out var id);
        Assert.That(Release(client, "p"), Is.EqualTo(Nfs4Status.LocksHeld));
        client.Unlock("p", File, ref id, Head);
        Assert.That(Release(client, "p"), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(client.Io(File, id, ShareAccess.Read), Is.EqualTo(Nfs4Status.BadStateId));
        Assert.That(Release(client, "nobody"), Is.EqualTo(Nfs4Status.Ok));
    }

    [Test]
    public void A_new_lock_owner_of_another_client_or_seqid_is_refused()
    {
        var client = New(out var open, minor: 0);
        Assert.That(client.Lock("o", "p", File, open, Head, out _), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(LockAs(client, open, client.Id, 9), Is.EqualTo(Nfs4Status.BadSeqId));
        Assert.That(LockAs(client, open, client.Id, 2), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(LockAs(client, open, client.Id + 1, 3), Is.EqualTo(Nfs4Status.BadStateId));
        Assert.That(LockAs(client, open, 0, 3), Is.EqualTo(Nfs4Status.StaleClientId));
    }

    [Test]
    public void A_deadlock_across_protocols_is_seen()
    {
        var a = New(out var openA);
        a.Lock("o", "p", File, openA, Head, out var lockA);
        harness.Lock(Host, 1, File, Tail);
        Assert.That(harness.Lock(Host, 1, File, Head, block: true), Is.EqualTo(LockOutcome.Blocked));
        Assert.That(a.Lock("o", "p", File, lockA, Tail, out _, newOwner: false, block: true), Is.EqualTo(Nfs4Status.Deadlock));
    }

    [Test]
    public void Pollers_are_served_in_the_order_of_their_coming()
    {
        var holder = New(out var openH, "holder", 0);
        holder.Lock("o", "p", File, openH, Head, out var held);
        var first = New(out var open1, "first", 0);
        var second = New(out var open2, "second", 0);
        Assert.That(first.Lock("o", "p", File, open1, Head, out _, block: true), Is.EqualTo(Nfs4Status.Denied));
        Assert.That(second.Lock("o", "p", File, open2, Head, out _, block: true), Is.EqualTo(Nfs4Status.Denied));
        holder.Unlock("p", File, ref held, Head);
        Assert.That(second.Lock("o", "p", File, open2, Head, out _, block: true), Is.EqualTo(Nfs4Status.Denied), "the first comes first");
        Assert.That(holder.Lock("o", "p", File, held, Head, out _, newOwner: false), Is.EqualTo(Nfs4Status.Denied));
        Assert.That(first.Lock("o", "p", File, open1, Head, out var got, block: true), Is.EqualTo(Nfs4Status.Ok));
        first.Unlock("p", File, ref got, Head);
        Assert.That(second.Lock("o", "p", File, open2, Head, out _, block: true), Is.EqualTo(Nfs4Status.Ok));
    }

    [Test]
    public void A_poller_that_stays_away_loses_its_place()
    {
        var holder = New(out var openH, "holder");
        holder.Lock("o", "p", File, openH, Head, out var held);
        var gone = New(out var openG, "gone");
        gone.Lock("o", "p", File, openG, Head, out _, block: true);
        harness.Advance(TimeSpan.FromSeconds(2));
        gone.Lock("o", "p", File, openG, Head, out _, block: true);
        holder.Unlock("p", File, ref held, Head);
        var next = New(out var openN, "next");
        Assert.That(next.Lock("o", "p", File, openN, Head, out _), Is.EqualTo(Nfs4Status.Denied));
        harness.Advance(TimeSpan.FromSeconds(2 * 2 + 5 + 1));
        Assert.That(next.Lock("o", "p", File, openN, Head, out _), Is.EqualTo(Nfs4Status.Ok));
    }

    [Test]
    public void A_client_with_a_back_channel_is_told_and_has_to_come_soon()
    {
        var holder = New(out var openH, "holder");
        holder.Lock("o", "p", File, openH, Head, out var held);
        var waiting = New(out var openW, "waiting");
        harness.Do((in GateScope gate) =>
        {
            waiting.Nfs4.Sessions.BackChannel(gate, waiting.Session!, true);
            return true;
        });
        waiting.Lock("o", "q", File, openW, Head, out _, block: true);
        harness.Seen.Clear();
        holder.Unlock("p", File, ref held, Head);
        var notice = new LockNotice();
        var effect = harness.Seen.Single(e => e.Kind == EffectKind.NotifyLock);
        Assert.That(harness.Do((in GateScope gate) => waiting.Nfs4.Locks.TryGetNotice(gate, effect.Id, notice)));
        Assert.That(notice.Session, Is.SameAs(waiting.Session));
        Assert.That((notice.Owner.ToArray(), notice.Handle.ToArray()), Is.EqualTo(("q"u8.ToArray(), new byte[] { 9 })));
        harness.Advance(TimeSpan.FromSeconds(4));
        Assert.That(harness.Lock(Host, 1, File, Head), Is.EqualTo(LockOutcome.Denied));
        harness.Advance(TimeSpan.FromSeconds(2));
        Assert.That(harness.Lock(Host, 1, File, Head), Is.EqualTo(LockOutcome.Granted));
        Assert.That(harness.Do((in GateScope gate) => waiting.Nfs4.Locks.TryGetNotice(gate, effect.Id, notice)), Is.False);
    }

    [Test]
    public void A_local_program_decides_as_well()
    {
        var client = New(out var open);
        Assert.That(client.Lock("o", "p", File, open, Head, out _, local: true), Is.EqualTo(Nfs4Status.Tentative));
        Assert.That(harness.Lock(Host, 1, File, Head), Is.EqualTo(LockOutcome.Denied), "it is reserved meanwhile");
        Assert.That(client.Decide(false, out _), Is.EqualTo(Nfs4Status.Denied));
        Assert.That(harness.Lock(Host, 1, File, Head), Is.EqualTo(LockOutcome.Granted));
        Assert.That(client.Lock("o", "p", File, open, Tail, out _, local: true), Is.EqualTo(Nfs4Status.Tentative));
        Assert.That(client.Decide(true, out var id), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(id.Sequence, Is.EqualTo(1));
        Assert.That(client.Unlock("p", File, ref id, Tail), Is.EqualTo(Nfs4Status.Ok));
    }

    [Test]
    public void What_is_closed_or_released_before_the_kernel_answers_is_not_locked()
    {
        var client = New(out var open);
        client.Lock("o", "p", File, open, Head, out _, local: true);
        client.Close("o", File, open);
        Assert.That(client.Decide(true, out _), Is.EqualTo(Nfs4Status.BadStateId));
        client.Open("o", File, ShareAccess.Both, ShareDeny.None, out open);
        client.Lock("o", "p", File, open, Head, out _, local: true);
        harness.Release(NfsdCtl.State.Release.ReleaseSelector.Address(client.Server));
        Assert.That(client.Decide(true, out _), Is.EqualTo(Nfs4Status.AdminRevoked));
        Assert.That(harness.Counts().Locks, Is.Zero);
        Assert.That(harness.Counts().Waiters, Is.Zero);
    }

    [Test]
    public void Locking_and_unlocking_allocate_nothing()
    {
        var client = New(out var open);
        var session = client.Session!.Client;
        var effects = new EffectList();
        long before = 0;
        for (int i = 0; i < 1100; i++)
        {
            if (i == 100)
                before = GC.GetAllocatedBytesForCurrentThread();
            using var gate = harness.State.Enter(effects);
            var request = new Nfs4LockRequest
            {
                Client = session,
                Server = client.Server,
                File = File,
                StateId = open,
                NewOwner = true,
                Owner = "p"u8,
                Range = Head,
                Kind = LockKind.Write,
            };
            client.Nfs4.Locks.Lock(gate, request, out var ticket);
            if (client.Nfs4.Locks.Unlock(gate, new StateCall(session, client.Server, ticket.StateId, File), Head, out _) != Nfs4Status.Ok)
                throw new InvalidOperationException();
            effects.Clear();
        }
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    private Nfs4Status Release(TestNfs4Client client, string owner) => harness.Do((in GateScope gate) =>
        client.Nfs4.Locks.ReleaseOwner(gate, client.Client(), System.Text.Encoding.ASCII.GetBytes(owner)));

    private Nfs4Status LockAs(TestNfs4Client client, StateId open, ulong clientId, uint lockSeqid) => harness.Do((in GateScope gate) =>
        client.Nfs4.Locks.Lock(gate, new Nfs4LockRequest
        {
            Server = client.Server,
            File = File,
            StateId = open,
            NewOwner = true,
            Owner = "p"u8,
            OwnerClientId = clientId,
            LockSeqid = lockSeqid,
            Range = Head,
        }, out _));
}
