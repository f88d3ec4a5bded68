using CsCheck;
using Microsoft.Extensions.Time.Testing;
using NfsdCtl.State.Replies;

namespace NfsdCtl.Tests.State;

[TestFixture]
public class ReplyCacheTests
{
    private static readonly Scope ScopeA = new(NetAddress.FromV4(0x0A000001), FsId.FromNumber(1));
    private static readonly Scope ScopeB = new(NetAddress.FromV4(0x0A00000A), FsId.FromNumber(1));
    private readonly FakeTimeProvider clock = new();
    private readonly byte[] room = new byte[ReplyCache.MaxReply];

    private static ReplyKey Key(uint xid, uint client = 1, ulong sum = 7) =>
        new(NetAddress.FromV4(client), xid, ReplyKey.Pack(100003, 3, 12), sum);

    private ReplyTicket BeginNew(ReplyCache cache, ReplyKey key)
    {
        Assert.That(cache.Begin(key, room, out _, out var ticket), Is.EqualTo(ReplyCacheAnswer.New));
        return ticket;
    }

    [Test]
    public void A_retransmission_is_dropped_while_in_progress_and_replayed_when_done()
    {
        var cache = new ReplyCache(64, clock);
        var ticket = BeginNew(cache, Key(1));
        Assert.That(cache.Begin(Key(1), room, out _, out _), Is.EqualTo(ReplyCacheAnswer.InProgress));
        cache.Complete(ticket, ScopeA, [1, 2, 3]);
        Assert.That(cache.Begin(Key(1), room, out int length, out _), Is.EqualTo(ReplyCacheAnswer.Replay));
        Assert.That(room.AsSpan(0, length).ToArray(), Is.EqualTo(new byte[] { 1, 2, 3 }));
        Assert.That(cache.Counts, Is.EqualTo(new ReplyCacheCounts(1, 1, 1, 0, 1, 64)));
    }

    [Test]
    public void Another_client_procedure_xid_or_checksum_is_another_call()
    {
        var cache = new ReplyCache(64, clock);
        cache.Complete(BeginNew(cache, Key(1)), ScopeA, [1]);
        BeginNew(cache, Key(2));
        BeginNew(cache, Key(1, client: 2));
        BeginNew(cache, Key(1, sum: 8));
        BeginNew(cache, Key(1) with { Procedure = ReplyKey.Pack(100003, 3, 13) });
    }

    [Test]
    public void An_abandoned_call_is_executed_again()
    {
        var cache = new ReplyCache(8, clock);
        for (int i = 0; i < 50; i++)
            cache.Abandon(BeginNew(cache, Key(1)));
        Assert.That(cache.Counts.Entries, Is.Zero);
    }

    [Test]
    public void A_reply_is_forgotten_after_its_lifetime()
    {
        var cache = new ReplyCache(8, clock);
        cache.Complete(BeginNew(cache, Key(1)), ScopeA, [1]);
        clock.Advance(ReplyCache.Lifetime);
        Assert.That(cache.Begin(Key(1), room, out _, out _), Is.EqualTo(ReplyCacheAnswer.Replay));
        clock.Advance(TimeSpan.FromMilliseconds(1));
        BeginNew(cache, Key(1));
    }

    [Test]
    public void The_oldest_finished_reply_makes_room_and_calls_in_progress_never_do()
    {
        var cache = new ReplyCache(800, clock);
        var held = BeginNew(cache, Key(0));
        for (uint xid = 1; xid <= 10_000; xid++)
            cache.Complete(BeginNew(cache, Key(xid)), ScopeA, [(byte)xid]);
        Assert.That(cache.Counts.Entries, Is.EqualTo(800));
        Assert.That(cache.Begin(Key(0), room, out _, out _), Is.EqualTo(ReplyCacheAnswer.InProgress));
        Assert.That(cache.Begin(Key(10_000), room, out _, out _), Is.EqualTo(ReplyCacheAnswer.Replay));
        Assert.That(room[0], Is.EqualTo((byte)(10_000 & 0xFF)));
        cache.Complete(held, ScopeA, [9]);
        BeginNew(cache, Key(1));
    }

    [Test]
    public void With_every_entry_in_progress_a_call_is_executed_without_being_remembered()
    {
        var cache = new ReplyCache(8, clock);
        int kept = 0;
        for (uint xid = 0; xid < 100; xid++)
            kept += BeginNew(cache, Key(xid)).IsKept ? 1 : 0;
        Assert.That(kept, Is.EqualTo(cache.Counts.Entries).And.LessThanOrEqualTo(8));
        Assert.That(cache.Counts.NotKept, Is.EqualTo(100 - kept));
    }

    [Test]
    public void A_reply_that_is_too_long_is_not_kept()
    {
        var cache = new ReplyCache(8, clock);
        cache.Complete(BeginNew(cache, Key(1)), ScopeA, new byte[ReplyCache.MaxReply + 1]);
        cache.Complete(BeginNew(cache, Key(1)), ScopeA, new byte[ReplyCache.MaxReply]);
        Assert.That(cache.Begin(Key(1), room, out int length, out _), Is.EqualTo(ReplyCacheAnswer.Replay));
        Assert.That(length, Is.EqualTo(ReplyCache.MaxReply));
    }

    [Test]
    public void Forget_takes_the_replies_of_its_scope_only()
    {
        var cache = new ReplyCache(64, clock);
        cache.Complete(BeginNew(cache, Key(1)), ScopeA, [1]);
        cache.Complete(BeginNew(cache, Key(2)), ScopeB, [2]);
        Assert.That(cache.Forget(new Scope(ScopeA.Server, FsId.Any)), Is.EqualTo(1));
        BeginNew(cache, Key(1));
        Assert.That(cache.Begin(Key(2), room, out _, out _), Is.EqualTo(ReplyCacheAnswer.Replay));
    }

    [Test]
    public void The_checksum_sees_every_byte_the_length_and_the_caller()
    {
        byte[] bytes = [.. Enumerable.Range(0, 45).Select(i => (byte)i)];
        var seen = new HashSet<ulong> { ReplyKey.Sum(bytes, 1), ReplyKey.Sum(bytes, 2), ReplyKey.Sum(bytes.AsSpan(..44), 1) };
        Assert.That(seen, Has.Count.EqualTo(3));
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 0x80;
            Assert.That(seen.Add(ReplyKey.Sum(bytes, 1)), Is.True, $"byte {i}");
            bytes[i] ^= 0x80;
        }
    }

    [Test]
    public void Random_histories_agree_with_a_dictionary()
    {
        Gen.Select(Gen.UInt[0, 12], Gen.Int[0, 3]).Array[0, 200].Sample(steps =>
        {
            // Far more room than keys: nothing is evicted, and the model is exact.
            var cache = new ReplyCache(1024, clock);
            var running = new Dictionary<uint, ReplyTicket>();
            var done = new Dictionary<uint, byte>();
            byte serial = 0;
            foreach (var (xid, action) in steps)
            {
                if (action == 0 && running.Remove(xid, out var finished))
                    cache.Complete(finished, xid % 2 == 0 ? ScopeA : ScopeB, [done[xid] = ++serial]);
                else if (action == 1 && running.Remove(xid, out var abandoned))
                    cache.Abandon(abandoned);
                else if (action == 2)
                    Assert.That(cache.Forget(ScopeA), Is.EqualTo(done.Keys.Where(x => x % 2 == 0).ToList().Count(done.Remove)));
                else
                    Retransmit(cache, xid, running, done);
            }
            Assert.That(cache.Counts.Entries, Is.EqualTo(running.Count + done.Count));
        });
    }

    private static void Retransmit(ReplyCache cache, uint xid, Dictionary<uint, ReplyTicket> running, Dictionary<uint, byte> done)
    {
        Span<byte> reply = stackalloc byte[ReplyCache.MaxReply];
        var answer = cache.Begin(Key(xid), reply, out int length, out var ticket);
        if (running.ContainsKey(xid))
        {
            Assert.That(answer, Is.EqualTo(ReplyCacheAnswer.InProgress));
        }
        else if (done.TryGetValue(xid, out byte expected))
        {
            Assert.That((answer, length, reply[0]), Is.EqualTo((ReplyCacheAnswer.Replay, 1, expected)));
        }
        else
        {
            Assert.That(answer, Is.EqualTo(ReplyCacheAnswer.New));
            running[xid] = ticket;
        }
    }

    [Test]
    public void A_steady_state_allocates_nothing()
    {
        var cache = new ReplyCache(256, TimeProvider.System);
        Run(cache, 0, 4096);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run(cache, 5000, 4096);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    private void Run(ReplyCache cache, uint from, uint count)
    {
        for (uint xid = from; xid < from + count; xid++)
        {
            cache.Begin(Key(xid), room, out _, out var ticket);
            cache.Complete(ticket, ScopeA, room);
        }
    }
}
