using CsCheck;
using NfsdCtl.State;
using NfsdCtl.State.Nfs4;

namespace NfsdCtl.Tests.State.Nfs4;

/// <summary>Slots of a session (RFC 8881 §2.10.6): by name, and against a model of what a slot is to answer.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class SlotTests
{
    private readonly StateHarness harness = new();

    private TestNfs4Client New() => new TestNfs4Client(harness, "10.0.0.1", "c").Connect();

    [Test]
    public void A_new_request_is_executed_and_its_retransmission_gets_the_same_reply()
    {
        var client = New();
        Assert.That(client.Begin(0, 1, out var use), Is.EqualTo(Nfs4Status.Ok));
        client.Nfs4.Sessions.End(ref use, [1, 2, 3, 4]);
        Assert.That(client.Begin(0, 1, out var again), Is.EqualTo(Nfs4Status.Replay));
        Assert.That(again.Reply.ToArray(), Is.EqualTo(new byte[] { 1, 2, 3, 4 }));
        client.Nfs4.Sessions.End(ref again, []);
        Assert.That(client.Begin(0, 1, out var third), Is.EqualTo(Nfs4Status.Replay), "a replay changes nothing");
        Assert.That(third.Reply.Length, Is.EqualTo(4));
    }

    [Test]
    public void A_duplicate_of_what_is_executed_is_to_wait_and_another_request_is_out_of_order()
    {
        var client = New();
        client.Begin(0, 1, out var use);
        Assert.That(client.Begin(0, 1, out _), Is.EqualTo(Nfs4Status.Delay));
        Assert.That(client.Begin(0, 2, out _), Is.EqualTo(Nfs4Status.SequenceMisordered));
        Assert.That(client.Begin(1, 1, out var other), Is.EqualTo(Nfs4Status.Ok), "slots are independent");
        client.Nfs4.Sessions.End(ref use, [1]);
        client.Nfs4.Sessions.End(ref other, [1]);
        Assert.That(client.Begin(0, 2, out _), Is.EqualTo(Nfs4Status.Ok));
    }

    [TestCase(0u, Nfs4Status.SequenceMisordered)]
    [TestCase(2u, Nfs4Status.SequenceMisordered)]
    [TestCase(uint.MaxValue, Nfs4Status.SequenceMisordered)]
    public void A_slot_begins_with_1(uint sequence, Nfs4Status expected) => Assert.That(New().Begin(0, sequence, out _), Is.EqualTo(expected));

    [Test]
    public void What_was_not_to_be_kept_is_said_to_be_lost()
    {
        var client = New();
        client.Begin(0, 1, out var use, cache: false);
        client.Nfs4.Sessions.End(ref use, [1]);
        Assert.That(client.Begin(0, 1, out var again, cache: false), Is.EqualTo(Nfs4Status.RetryUncachedReply));
        client.Nfs4.Sessions.End(ref again, [9]);
        Assert.That(client.Begin(0, 1, out _, cache: true), Is.EqualTo(Nfs4Status.RetryUncachedReply));
    }

    [Test]
    public void A_reply_beyond_what_was_agreed_is_not_kept()
    {
        var client = New();
        client.Begin(0, 1, out var use);
        client.Nfs4.Sessions.End(ref use, new byte[client.Session!.Fore.MaxCachedResponse + 1]);
        Assert.That(client.Begin(0, 1, out _), Is.EqualTo(Nfs4Status.RetryUncachedReply));
    }

    [Test]
    public void Another_request_under_the_same_sequence_is_a_false_retry()
    {
        var client = New();
        client.Begin(0, 1, out var use, checksum: 1);
        client.Nfs4.Sessions.End(ref use, [1]);
        Assert.That(client.Begin(0, 1, out _, checksum: 2), Is.EqualTo(Nfs4Status.SequenceFalseRetry));
    }

    [Test]
    public void Slots_beyond_the_session_are_bad()
    {
        var client = New();
        Assert.That(client.Begin(8, 1, out _), Is.EqualTo(Nfs4Status.BadSlot));
        Assert.That(client.Begin(uint.MaxValue, 1, out _), Is.EqualTo(Nfs4Status.BadSlot));
    }

    [Test]
    public void A_session_with_a_request_in_it_is_not_destroyed_but_by_that_request()
    {
        var client = New();
        client.Begin(0, 1, out var use);
        Assert.That(Destroy(client, null), Is.EqualTo(Nfs4Status.Delay));
        Assert.That(client.Begin(1, 1, out var second), Is.EqualTo(Nfs4Status.Ok), "it goes on as before");
        Assert.That(Destroy(client, client.Session), Is.EqualTo(Nfs4Status.Delay));
        client.Nfs4.Sessions.End(ref second, []);
        Assert.That(Destroy(client, client.Session), Is.EqualTo(Nfs4Status.Ok));
        client.Nfs4.Sessions.End(ref use, []);
        Assert.That(client.Begin(0, 2, out _), Is.EqualTo(Nfs4Status.BadSession));
        Assert.That(Destroy(client, null), Is.EqualTo(Nfs4Status.BadSession));
    }

    [Test]
    public void Each_compound_renews_the_lease()
    {
        var client = New();
        for (int i = 0; i < 10; i++)
        {
            harness.Advance(TimeSpan.FromSeconds(60));
            Assert.That(client.Beat(), Is.EqualTo(SequenceFlags.None));
        }
        harness.Advance(TimeSpan.FromSeconds(100));
        Assert.That(client.Begin(0, 1, out _), Is.EqualTo(Nfs4Status.BadSession), "it held nothing, so nothing was kept");
    }

    [TestCase(10u, 4096u, 8u, 16u, Nfs4Status.TooSmall)]
    [TestCase(4096u, 10u, 8u, 16u, Nfs4Status.TooSmall)]
    [TestCase(4096u, 4096u, 0u, 16u, Nfs4Status.TooSmall)]
    [TestCase(4096u, 4096u, 8u, 0u, Nfs4Status.Invalid)]
    [TestCase(uint.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue, Nfs4Status.Ok)]
    public void Channels_are_agreed_within_bounds(uint request, uint response, uint operations, uint slots, Nfs4Status expected)
    {
        var client = New();
        CreateSessionResult made = default;
        var channel = new ChannelAttributes(0, 1 << 20, 1 << 20, 4096, 16, 8);
        var status = harness.Do((in GateScope gate) => client.Nfs4.Clients.CreateSession(
            gate, new CreateSessionRequest
            {
                Server = client.Server,
                Principal = client.Principal,
                ClientId = client.Id,
                Sequence = client.Sequence,
                Fore = new ChannelAttributes(0, request, response, uint.MaxValue, operations, slots),
                Back = channel,
            },
            out made));
        Assert.That(status, Is.EqualTo(expected));
        if (expected != Nfs4Status.Ok)
            return;
        var options = new StateOptions();
        Assert.That(made.Fore.MaxRequests, Is.EqualTo(options.MaxSlots));
        Assert.That(made.Fore.MaxOperations, Is.EqualTo(options.MaxOperations));
        Assert.That(made.Fore.MaxCachedResponse, Is.EqualTo(options.MaxCachedReply));
    }

    [Test]
    public void Sessions_are_asked_for_fewer_slots_as_they_become_more()
    {
        var crowded = new StateHarness(new StateOptions { WantedSlots = 24 });
        var first = new TestNfs4Client(crowded, "10.0.0.1", "first").Connect();
        Assert.That(first.Begin(7, 1, out var use), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(use.TargetHighestSlot, Is.EqualTo(7));
        first.Nfs4.Sessions.End(ref use, [1]);
        for (int i = 0; i < 3; i++)
            new TestNfs4Client(crowded, "10.0.0.1", "more " + i).Connect();
        Assert.That(Ask(first, 0, 1, 7), Is.EqualTo((7u, 5u)));
        Assert.That(first.Begin(7, 1, out use), Is.EqualTo(Nfs4Status.Replay), "it has not given the slot up");
        first.Nfs4.Sessions.End(ref use, []);
        Assert.That(Ask(first, 0, 2, 5), Is.EqualTo((7u, 5u)));
        Assert.That(first.Begin(7, 1, out use), Is.EqualTo(Nfs4Status.RetryUncachedReply), "it said that nothing is on its way there");
        first.Nfs4.Sessions.End(ref use, []);
        Assert.That(first.Begin(7, 2, out _), Is.EqualTo(Nfs4Status.Ok), "the sequence goes on");
        Assert.That(new TestNfs4Client(crowded, "10.0.0.1", "late").Connect().Session!.Fore.MaxRequests, Is.EqualTo(6));
    }

    [Test]
    public void Replies_of_slots_that_a_client_was_not_yet_asked_to_give_up_are_kept()
    {
        var crowded = new StateHarness(new StateOptions { WantedSlots = 24 });
        var first = new TestNfs4Client(crowded, "10.0.0.1", "first").Connect();
        for (int i = 0; i < 3; i++)
            new TestNfs4Client(crowded, "10.0.0.1", "more " + i).Connect();
        foreach (uint slot in (uint[])[5, 7])
        {
            Assert.That(first.Begin(slot, 1, out var use), Is.EqualTo(Nfs4Status.Ok));
            first.Nfs4.Sessions.End(ref use, [1]);
        }
        // Sent before those two, under a slot that has told nothing yet; and one below what is asked for, which may be used at any time.
        Assert.That(Ask(first, 0, 1, 0), Is.EqualTo((7u, 5u)));
        Assert.That(first.Begin(7, 1, out var again), Is.EqualTo(Nfs4Status.Replay));
        first.Nfs4.Sessions.End(ref again, []);
        Assert.That(Ask(first, 0, 2, 0), Is.EqualTo((7u, 5u)));
        Assert.That(first.Begin(5, 1, out again), Is.EqualTo(Nfs4Status.Replay));
        first.Nfs4.Sessions.End(ref again, []);
        Assert.That(first.Begin(7, 1, out again), Is.EqualTo(Nfs4Status.RetryUncachedReply));
        first.Nfs4.Sessions.End(ref again, []);
    }

    [Test]
    public void Who_keeps_more_than_its_part_is_put_off_when_all_is_taken_and_nobody_else()
    {
        var small = new StateHarness(new StateOptions { MaxKeptReplies = 8192 });
        var greedy = new TestNfs4Client(small, "10.0.0.1", "greedy").Connect();
        var modest = new TestNfs4Client(small, "10.0.0.1", "modest").Connect();
        byte[] large = new byte[4000];
        for (uint slot = 0; slot < 3; slot++)
            Keep(greedy, slot, 1, large);
        Assert.That(greedy.Begin(3, 1, out _), Is.EqualTo(Nfs4Status.Delay));
        Assert.That(greedy.Begin(0, 1, out var again), Is.EqualTo(Nfs4Status.Replay));
        greedy.Nfs4.Sessions.End(ref again, []);
        Keep(modest, 0, 1, large);
        Assert.That(small.Do((in GateScope gate) => greedy.Nfs4.Sessions.Destroy(gate, greedy.Server, greedy.Session!.Id, null)), Is.EqualTo(Nfs4Status.Ok));
        Assert.That(greedy.CreateSession(out _), Is.EqualTo(Nfs4Status.Ok));
        Keep(greedy, 0, 1, large);
    }

    [Test]
    public void A_request_that_came_to_no_answer_is_not_answered_with_nothing_when_it_comes_again()
    {
        var client = New();
        Keep(client, 0, 1, []);
        Assert.That(client.Begin(0, 1, out var again), Is.EqualTo(Nfs4Status.RetryUncachedReply));
        client.Nfs4.Sessions.End(ref again, []);
    }

    private static void Keep(TestNfs4Client client, uint slot, uint sequence, byte[] reply)
    {
        Assert.That(client.Begin(slot, sequence, out var use), Is.EqualTo(Nfs4Status.Ok));
        client.Nfs4.Sessions.End(ref use, reply);
    }

    private static (uint Highest, uint Target) Ask(TestNfs4Client client, uint slot, uint sequence, uint highest)
    {
        var request = new SequenceRequest { Server = client.Server, Session = client.Session!.Id, Slot = slot, Sequence = sequence, HighestSlot = highest };
        Assert.That(client.Nfs4.Sessions.Begin(request, out var use), Is.EqualTo(Nfs4Status.Ok));
        var told = (use.HighestSlot, use.TargetHighestSlot);
        client.Nfs4.Sessions.End(ref use, []);
        return told;
    }

    [Test]
    public void Beginning_and_ending_allocates_nothing()
    {
        var client = New();
        byte[] reply = new byte[200];
        for (uint i = 1; i < 10; i++)
            Run(client, i, reply);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (uint i = 10; i < 1000; i++)
            Run(client, i, reply);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    private static void Run(TestNfs4Client client, uint sequence, byte[] reply)
    {
        if (client.Begin(0, sequence, out var use) != Nfs4Status.Ok)
            throw new InvalidOperationException();
        client.Nfs4.Sessions.End(ref use, reply);
    }

    /// <summary>Any sequence of requests and answers on a few slots, with connections that come and go, against what the RFC says of one slot.</summary>
    [Test]
    public void Slots_do_as_the_model_does()
    {
        var step = Gen.Select(Gen.UInt[0, 2], Gen.UInt[0, 6], Gen.Bool, Gen.Bool, Gen.ULong[1, 2], (slot, sequence, cache, end, sum) => (slot, sequence, cache, end, sum));
        step.Array[1, 60].Sample(steps =>
        {
            var fresh = new StateHarness();
            var client = new TestNfs4Client(fresh, "10.0.0.1", "c").Connect();
            var model = new SlotModel[3];
            var uses = new SlotUse[3];
            foreach (var (slot, sequence, cache, end, sum) in steps)
            {
                var expected = model[slot].Begin(sequence, cache, sum);
                Assert.That(client.Begin(slot, sequence, out var use, cache, sum), Is.EqualTo(expected));
                if (expected == Nfs4Status.Replay)
                    Assert.That(use.Reply.ToArray(), Is.EqualTo(new[] { (byte)slot, (byte)sequence }));
                if (expected is Nfs4Status.Ok)
                    uses[slot] = use;
                else
                    client.Nfs4.Sessions.End(ref use, []);
                if (!end || !model[slot].Busy)
                    continue;
                client.Nfs4.Sessions.End(ref uses[slot], [(byte)slot, (byte)model[slot].Last]);
                model[slot].Busy = false;
            }
        }, iter: 2000);
    }

    private Nfs4Status Destroy(TestNfs4Client client, Nfs4Session? own) =>
        harness.Do((in GateScope gate) => client.Nfs4.Sessions.Destroy(gate, client.Server, client.Session!.Id, own));

    /// <summary>One slot as the RFC describes it.</summary>
    private struct SlotModel
    {
        private bool cached;
        private ulong sum;

        public uint Last { get; private set; }

        public bool Busy { get; set; }

        public Nfs4Status Begin(uint sequence, bool cache, ulong checksum)
        {
            if (Busy)
                return sequence == Last ? Nfs4Status.Delay : Nfs4Status.SequenceMisordered;
            if (sequence == Last + 1)
            {
                (Last, Busy, cached, sum) = (sequence, true, cache, checksum);
                return Nfs4Status.Ok;
            }
            if (sequence != Last || Last == 0)
                return Nfs4Status.SequenceMisordered;
            if (checksum != sum)
                return Nfs4Status.SequenceFalseRetry;
            return cached ? Nfs4Status.Replay : Nfs4Status.RetryUncachedReply;
        }
    }
}
