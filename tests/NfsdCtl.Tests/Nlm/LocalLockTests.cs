using NfsdCtl.Protocols.Local;
using NfsdCtl.Protocols.Nlm;
using NfsdCtl.State.Locks;
using NfsdCtl.State.Release;
using NfsdCtl.TestKit.Nlm;
using NfsdCtl.Vfs;
using static NfsdCtl.Protocols.Nlm.nlm4_stats;

namespace NfsdCtl.Tests.Nlm;

/// <summary>Clients and local programs respect each other.</summary>
public sealed class LocalLockTests
{
    private static readonly NlmLock File1 = new(FakeFiles.Handle(1));
    private static readonly FileKey Key1 = FakeFiles.Key(1);

    private NlmStack stack = null!;
    private NlmClient client = null!;

    [SetUp]
    public void Make()
    {
        stack = new NlmStack();
        stack.Files.LocalLocks = true;
        client = stack.Client(NlmStack.Client1, NlmStack.ServerA);
    }

    [TearDown]
    public void End() => stack.Dispose();

    [Test]
    public void What_clients_hold_local_programs_see_and_nothing_more()
    {
        client.Lock(File1 with { Offset = 10, Length = 10 });
        client.Lock(File1 with { Offset = 30, Length = 10, Exclusive = false });
        Assert.That(stack.Files.Seen(Key1), Is.EqualTo(new[] { Cover(10, 19, LockKind.Write), Cover(30, 39, LockKind.Read) }));
        client.Unlock(File1 with { Offset = 12, Length = 2 });
        Assert.That(stack.Files.Seen(Key1), Is.EqualTo(new[]
        {
            Cover(10, 11, LockKind.Write), Cover(14, 19, LockKind.Write), Cover(30, 39, LockKind.Read),
        }));
        client.Lock(File1 with { Offset = 10, Length = 10, Exclusive = false });
        Assert.That(stack.Files.Seen(Key1), Is.EqualTo(new[] { Cover(10, 19, LockKind.Read), Cover(30, 39, LockKind.Read) }));
        client.Unlock(File1);
        Assert.That(stack.Files.Seen(Key1), Is.Empty);
    }

    [Test]
    public void What_a_burst_gives_up_is_given_back_before_its_replies_leave()
    {
        for (ulong at = 0; at < 50; at += 10)
            client.Lock(File1 with { Offset = at, Length = 5 });
        stack.Channels[0].InBurst = true;
        client.Unlock(File1 with { Offset = 0, Length = 5 });
        client.Unlock(File1 with { Offset = 20, Length = 5 });
        client.Unlock(File1 with { Offset = 30, Length = 5 });
        client.Lock(File1 with { Offset = 30, Length = 2 });
        Assert.That(stack.Files.LockLocally(Key1, new LockRange(20, 24), LockKind.Read), Is.False, "no reply has been sent");
        stack.Channels[0].EndBurst();
        Assert.That(stack.Files.Seen(Key1), Is.EqualTo(new[] { Cover(10, 14, LockKind.Write), Cover(30, 31, LockKind.Write), Cover(40, 44, LockKind.Write) }));
    }

    [Test]
    public void A_shared_lock_stays_for_local_programs_until_its_last_holder_leaves()
    {
        var other = stack.Client(NlmStack.Client2, NlmStack.ServerA);
        client.Lock(File1 with { Exclusive = false });
        other.Lock(File1 with { Exclusive = false, Length = 5 });
        client.Unlock(File1);
        Assert.That(stack.Files.Seen(Key1), Is.EqualTo(new[] { Cover(0, 4, LockKind.Read) }));
    }

    [Test]
    public void A_local_programs_lock_is_in_the_way_and_test_tells_its_pid()
    {
        stack.Files.LockLocally(Key1, new LockRange(5, 9), LockKind.Read);
        Assert.That(client.Lock(File1), Is.EqualTo(NLM4_DENIED));
        var (status, holder) = client.Test(File1);
        Assert.That(status, Is.EqualTo(NLM4_DENIED));
        Assert.That((holder!.Exclusive, holder.Svid, holder.Offset, holder.Length), Is.EqualTo((false, 4711, 5ul, 5ul)));
        Assert.That(stack.Files.Seen(Key1), Is.Empty);
        Assert.That(client.Lock(File1 with { Exclusive = false }), Is.EqualTo(NLM4_GRANTED), "readers share");
        stack.Files.UnlockLocally(Key1);
        Assert.That(client.Lock(File1), Is.EqualTo(NLM4_GRANTED), "upgraded");
    }

    [Test]
    public void A_waiter_behind_a_local_program_is_granted_when_that_leaves()
    {
        stack.Files.LockLocally(Key1, LockRange.All, LockKind.Write);
        Assert.That(client.Lock(File1 with { Block = true }), Is.EqualTo(NLM4_BLOCKED));
        stack.Time.Advance(TimeSpan.FromSeconds(5));
        stack.Settle();
        Assert.That(stack.Peers.Calls, Is.Empty);
        stack.Files.UnlockLocally(Key1);
        stack.Time.Advance(TimeSpan.FromSeconds(2));
        stack.Settle();
        Assert.That(stack.Peers.Calls, Has.Count.EqualTo(1));
        Assert.That(stack.Files.LockLocally(Key1, new LockRange(0, 0), LockKind.Read), Is.False, "the kernel holds it for the client");
    }

    [Test]
    public void A_waiter_behind_a_client_needs_the_local_programs_consent_too()
    {
        var other = stack.Client(NlmStack.Client2, NlmStack.ServerA);
        client.Lock(File1 with { Length = 10 });
        Assert.That(other.Lock(File1 with { Block = true }), Is.EqualTo(NLM4_BLOCKED));
        stack.Files.LockLocally(Key1, new LockRange(50, 50), LockKind.Write);
        client.Unlock(File1);
        stack.Settle();
        Assert.That(stack.Peers.Calls, Is.Empty);
        stack.Files.UnlockLocally(Key1);
        stack.Time.Advance(TimeSpan.FromSeconds(2));
        stack.Settle();
        Assert.That(stack.Peers.Calls, Has.Count.EqualTo(1));
    }

    [Test]
    public void A_refused_upgrade_leaves_what_was_held_before()
    {
        client.Lock(File1 with { Exclusive = false, Length = 10 });
        Assert.That(stack.Files.LockLocally(Key1, new LockRange(0, 0), LockKind.Read), Is.True);
        Assert.That(client.Lock(File1 with { Length = 10 }), Is.EqualTo(NLM4_DENIED));
        Assert.That(stack.Files.Seen(Key1), Is.EqualTo(new[] { Cover(0, 9, LockKind.Read) }));
        var holder = stack.Client(NlmStack.Client2, NlmStack.ServerA).Test(File1).Holder!;
        Assert.That((holder.Exclusive, holder.Length), Is.EqualTo((false, 10ul)));
    }

    [Test]
    public void A_lone_lock_and_unlock_cost_one_kernel_call_each()
    {
        client.Lock(File1);
        client.Unlock(File1);
        int before = stack.Files.Calls;
        client.Lock(File1);
        client.Unlock(File1);
        Assert.That(stack.Files.Calls - before, Is.EqualTo(2));
    }

    [Test]
    public void Many_ranges_are_covered_together_never_less_than_what_is_held()
    {
        for (ulong i = 0; i < 400; i++)
            Assert.That(client.Lock(File1 with { Offset = i * 10, Length = 1 }), Is.EqualTo(NLM4_GRANTED));
        var seen = stack.Files.Seen(Key1);
        Assert.That(seen, Has.Count.LessThanOrEqualTo(2 * LockTable.MaxCover));
        for (ulong i = 0; i < 400; i++)
            Assert.That(seen.Any(c => c.Range.Contains(new LockRange(i * 10, i * 10)) && c.Kind == LockKind.Write), Is.True, $"{i}");
        client.Unlock(File1);
        Assert.That(stack.Files.Seen(Key1), Is.Empty);
    }

    [Test]
    public void Idle_descriptions_are_closed_and_busy_ones_are_not()
    {
        client.Lock(File1);
        client.Lock(new NlmLock(FakeFiles.Handle(2)));
        client.Unlock(File1);
        Assert.That(stack.Files.Open, Is.EqualTo(2));
        stack.Time.Advance(LocalLocks.IdleTime * 3);
        Assert.That((stack.Files.Open, stack.Local.OpenFiles), Is.EqualTo((1, 1)));
    }

    [Test]
    public void Over_the_bound_on_descriptions_locks_are_refused_and_nothing_is_left()
    {
        for (byte i = 1; i <= 8; i++)
            Assert.That(client.Lock(new NlmLock(FakeFiles.Handle(i))), Is.EqualTo(NLM4_GRANTED));
        var ninth = new NlmLock(FakeFiles.Handle(9));
        Assert.That(client.Lock(ninth), Is.EqualTo(NLM4_DENIED_NOLOCKS));
        Assert.That(client.Lock(ninth with { Block = true }), Is.EqualTo(NLM4_DENIED_NOLOCKS));
        client.Unlock(File1);
        stack.Time.Advance(LocalLocks.IdleTime * 3);
        Assert.That(client.Lock(ninth), Is.EqualTo(NLM4_GRANTED));
    }

    [TestCase(VfsStatus.Stale, NLM4_STALE_FH)]
    [TestCase(VfsStatus.Inval, NLM4_DENIED_NOLOCKS)]
    public void A_file_that_cannot_be_opened_cannot_be_locked(VfsStatus status, nlm4_stats expected)
    {
        stack.Files.OpenStatus = status;
        Assert.That(client.Lock(File1 with { Block = true }), Is.EqualTo(expected));
        stack.Files.OpenStatus = VfsStatus.Ok;
        Assert.That(stack.Client(NlmStack.Client2, NlmStack.ServerA).Lock(File1), Is.EqualTo(NLM4_GRANTED));
    }

    [Test]
    public void A_release_gives_back_in_the_kernel_what_it_took_and_nothing_else()
    {
        var other = stack.Client(NlmStack.Client2, NlmStack.ServerB);
        client.Lock(File1 with { Length = 10 });
        other.Lock(File1 with { Offset = 20, Length = 10 });
        stack.Release(ReleaseSelector.Address(NlmStack.ServerA));
        Assert.That(stack.Files.Seen(Key1), Is.EqualTo(new[] { Cover(20, 29, LockKind.Write) }));
    }

    [Test]
    public void Releasing_a_filesystem_closes_its_descriptions()
    {
        client.Lock(File1);
        client.Lock(new NlmLock(FakeFiles.Handle(1, 2)));
        stack.Release(ReleaseSelector.Of(FakeFiles.FileSystem(1)));
        stack.Local.Release(FakeFiles.FileSystem(1));
        Assert.That(stack.Files.Open, Is.EqualTo(1));
        Assert.That(client.Lock(File1), Is.EqualTo(NLM4_GRANTED), "the next request opens it again");
    }

    private static CoverRange Cover(ulong start, ulong end, LockKind kind) => new(new LockRange(start, end), kind);
}
