using NfsdCtl.Protocols.Nlm;
using NfsdCtl.Protocols.Peers;
using NfsdCtl.State.Release;
using NfsdCtl.TestKit.Nlm;
using static NfsdCtl.Protocols.Nlm.nlm4_stats;

namespace NfsdCtl.Tests.Nlm;

/// <summary>Waiting clients, and how they learn that the lock is theirs.</summary>
public sealed class GrantTests
{
    private const uint GrantedMsg = 10;
    private const uint GrantedRes = 15;
    private static readonly NlmLock File1 = new(FakeFiles.Handle(1)) { Block = true };

    private NlmStack stack = null!;
    private NlmClient holder = null!;
    private NlmClient waiter = null!;

    [SetUp]
    public void BlockOne()
    {
        stack = new NlmStack();
        holder = stack.Client(NlmStack.Client1, NlmStack.ServerA);
        waiter = stack.Client(NlmStack.Client2, NlmStack.ServerB);
        Assert.That(holder.Lock(File1), Is.EqualTo(NLM4_GRANTED));
        Assert.That(waiter.Lock(File1 with { Svid = 42, Offset = 5, Length = 7 }), Is.EqualTo(NLM4_BLOCKED));
        Assert.That(stack.Peers.Calls, Is.Empty);
    }

    [TearDown]
    public void End() => stack.Dispose();

    [Test]
    public void The_waiter_is_told_from_the_address_that_it_used_and_then_holds_the_lock()
    {
        holder.Unlock(File1);
        var call = stack.Peers.End(PeerOutcome.Answered);
        Assert.That((call.From, call.To, call.Program, call.Version, call.Procedure),
            Is.EqualTo((NlmStack.ServerB, NlmStack.Client2, 100021u, 4u, GrantedMsg)));
        var granted = NlmStack.Granted(call);
        Assert.That((granted.Exclusive, granted.Svid, granted.Offset, granted.Length), Is.EqualTo((true, 42, 5ul, 7ul)));
        Assert.That(holder.Lock(File1 with { Block = false }), Is.EqualTo(NLM4_DENIED), "it is held while the answer is awaited");
        waiter.Call(GrantedRes, NlmClient.Result(granted.Cookie, NLM4_GRANTED));
        stack.Time.Advance(TimeSpan.FromMinutes(20));
        stack.Settle();
        Assert.That(stack.Peers.Calls, Has.Count.EqualTo(1), "nothing is repeated");
        Assert.That(holder.Lock(File1 with { Block = false }), Is.EqualTo(NLM4_DENIED));
    }

    [Test]
    public void A_client_that_cannot_be_reached_is_told_again_after_ten_seconds()
    {
        holder.Unlock(File1);
        stack.Peers.End(PeerOutcome.NoAnswer);
        stack.Time.Advance(TimeSpan.FromSeconds(9));
        Assert.That(stack.Peers.Calls, Has.Count.EqualTo(1));
        stack.Time.Advance(TimeSpan.FromSeconds(2));
        stack.Settle();
        Assert.That(stack.Peers.Calls, Has.Count.EqualTo(2));
    }

    [Test]
    public void Where_no_answer_comes_it_is_told_again_after_a_minute_and_given_up_in_the_end()
    {
        stack.Peers.AtOnce = PeerOutcome.Answered;
        holder.Unlock(File1);
        stack.Time.Advance(TimeSpan.FromSeconds(59));
        stack.Settle();
        Assert.That(stack.Peers.Calls, Has.Count.EqualTo(1));
        stack.Time.Advance(TimeSpan.FromSeconds(2));
        stack.Settle();
        Assert.That(stack.Peers.Calls, Has.Count.EqualTo(2));
        for (int minute = 0; minute < 30; minute++)
        {
            stack.Time.Advance(TimeSpan.FromSeconds(61));
            stack.Settle();
        }
        int calls = stack.Peers.Calls.Count;
        Assert.That(calls, Is.InRange(10, 20));
        Assert.That(holder.Lock(File1), Is.EqualTo(NLM4_GRANTED), "the lock is free again");
    }

    [Test]
    public void A_client_that_does_not_want_it_any_more_loses_it_to_the_next()
    {
        var third = stack.Client(NlmStack.Client1, NlmStack.ServerB);
        third.CallerName = "third";
        Assert.That(third.Lock(File1 with { Svid = 3 }), Is.EqualTo(NLM4_BLOCKED));
        holder.Unlock(File1);
        var granted = NlmStack.Granted(stack.Peers.End(PeerOutcome.Answered));
        waiter.Call(GrantedRes, NlmClient.Result(granted.Cookie, NLM4_DENIED));
        stack.Settle();
        Assert.That(stack.Peers.Calls, Has.Count.EqualTo(2));
        Assert.That(stack.Peers.Calls[1].To, Is.EqualTo(NlmStack.Client1));
    }

    [Test]
    public void A_denial_after_an_earlier_message_may_have_arrived_does_not_free_the_lock()
    {
        holder.Unlock(File1);
        stack.Peers.End(PeerOutcome.NoAnswer);
        stack.Time.Advance(TimeSpan.FromSeconds(11));
        stack.Settle();
        var granted = NlmStack.Granted(stack.Peers.End(PeerOutcome.Answered));
        waiter.Call(GrantedRes, NlmClient.Result(granted.Cookie, NLM4_DENIED));
        stack.Settle();
        Assert.That(holder.Lock(File1 with { Block = false }), Is.EqualTo(NLM4_DENIED));
    }

    [Test]
    public void Only_the_waiting_clients_address_can_answer()
    {
        holder.Unlock(File1);
        var granted = NlmStack.Granted(stack.Peers.End(PeerOutcome.Answered));
        holder.Call(GrantedRes, NlmClient.Result(granted.Cookie, NLM4_DENIED));
        stack.Settle();
        Assert.That(holder.Lock(File1 with { Block = false }), Is.EqualTo(NLM4_DENIED), "a stranger's denial frees nothing");
    }

    [Test]
    public void A_client_without_granted_msg_is_asked_by_granted()
    {
        holder.Unlock(File1);
        var first = stack.Peers.End(PeerOutcome.Refused);
        var second = stack.Peers.Calls[1];
        Assert.That((second.Procedure, second.From, second.To), Is.EqualTo((5u, first.From, first.To)));
        stack.Peers.End(PeerOutcome.Answered, NlmClient.Result(NlmStack.Granted(second).Cookie, NLM4_GRANTED));
        stack.Time.Advance(TimeSpan.FromMinutes(5));
        stack.Settle();
        Assert.That(stack.Peers.Calls, Has.Count.EqualTo(2));
        Assert.That(holder.Lock(File1 with { Block = false }), Is.EqualTo(NLM4_DENIED));
    }

    [Test]
    public void A_cancelled_waiter_is_not_told()
    {
        Assert.That(waiter.Cancel(File1 with { Svid = 42, Offset = 5, Length = 7 }), Is.EqualTo(NLM4_GRANTED));
        holder.Unlock(File1);
        stack.Settle();
        Assert.That(stack.Peers.Calls, Is.Empty);
        Assert.That(waiter.Cancel(File1 with { Svid = 42, Offset = 5, Length = 7 }), Is.EqualTo(NLM4_GRANTED), "once more does no harm");
    }

    [Test]
    public void A_cancel_that_crosses_the_grant_leaves_no_lock_behind()
    {
        holder.Unlock(File1);
        var granted = NlmStack.Granted(stack.Peers.End(PeerOutcome.Answered));
        waiter.Cancel(File1 with { Svid = 42, Offset = 5, Length = 7 });
        waiter.Call(GrantedRes, NlmClient.Result(granted.Cookie, NLM4_DENIED));
        stack.Settle();
        Assert.That(holder.Lock(File1 with { Block = false }), Is.EqualTo(NLM4_GRANTED));
    }

    [Test]
    public void A_repeated_request_waits_once_and_gets_the_grant_that_is_on_its_way()
    {
        var wanted = File1 with { Svid = 42, Offset = 5, Length = 7 };
        Assert.That(waiter.Lock(wanted), Is.EqualTo(NLM4_BLOCKED));
        holder.Unlock(File1);
        Assert.That(stack.Peers.Calls, Has.Count.EqualTo(1));
        Assert.That(waiter.Lock(wanted), Is.EqualTo(NLM4_GRANTED));
    }

    [Test]
    public void Releasing_the_waiters_address_ends_its_wait_and_a_late_answer_does_nothing()
    {
        holder.Unlock(File1);
        var granted = NlmStack.Granted(stack.Peers.End(PeerOutcome.Answered));
        stack.Release(ReleaseSelector.Address(NlmStack.ServerB));
        waiter.Call(GrantedRes, NlmClient.Result(granted.Cookie, NLM4_GRANTED));
        Assert.That(holder.Lock(File1), Is.EqualTo(NLM4_GRANTED));
    }

    [Test]
    public void Releasing_the_holders_address_grants_who_waited_behind_it()
    {
        var counts = stack.Release(ReleaseSelector.Address(NlmStack.ServerA));
        Assert.That((counts.Locks, counts.Waiters), Is.EqualTo((1L, 0L)));
        Assert.That(stack.Peers.Calls, Has.Count.EqualTo(1));
        Assert.That(stack.Peers.Calls[0].To, Is.EqualTo(NlmStack.Client2));
    }

    [Test]
    public void A_circle_of_waiters_is_a_deadlock_in_version_4_and_a_denial_in_version_3([Values(3u, 4u)] uint version)
    {
        var first = stack.Client(NlmStack.Client1, NlmStack.ServerA, version);
        var second = stack.Client(NlmStack.Client2, NlmStack.ServerA, version);
        var one = new NlmLock(FakeFiles.Handle(8)) { Block = true };
        var two = new NlmLock(FakeFiles.Handle(9)) { Block = true };
        Assert.That(first.Lock(one), Is.EqualTo(NLM4_GRANTED));
        Assert.That(second.Lock(two), Is.EqualTo(NLM4_GRANTED));
        Assert.That(first.Lock(two), Is.EqualTo(NLM4_BLOCKED));
        Assert.That(second.Lock(one), Is.EqualTo(version == 4 ? NLM4_DEADLCK : NLM4_DENIED));
    }
}
