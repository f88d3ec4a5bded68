namespace NfsdCtl.State.Replies;

/// <summary>What <see cref="ReplyCache.Begin"/> knows of a call.</summary>
public enum ReplyCacheAnswer
{
    /// <summary>A new call: execute it, then <see cref="ReplyCache.Complete"/> or <see cref="ReplyCache.Abandon"/> its ticket.</summary>
    New,

    /// <summary>The same call is being executed: drop this one, its answer will come.</summary>
    InProgress,

    /// <summary>The same call was answered: the reply was copied out.</summary>
    Replay,
}

/// <summary>A call in progress in the cache. The default value stands for a call that found no room and is not remembered.</summary>
public readonly record struct ReplyTicket(int Shard, int Entry)
{
    /// <summary>True when the call has an entry; entries count from 1.</summary>
    public bool IsKept => Entry != 0;
}

/// <summary>What the cache did since the start.</summary>
/// <param name="Hits">Retransmissions that were answered with the first reply.</param>
/// <param name="Dropped">Retransmissions that came while the first call was still executed.</param>
/// <param name="Misses">New calls.</param>
/// <param name="NotKept">New calls that found every entry in progress, and replies that were too long to be kept.</param>
/// <param name="Entries">Entries in use now.</param>
/// <param name="Capacity">The most entries there will be.</param>
public readonly record struct ReplyCacheCounts(long Hits, long Dropped, long Misses, long NotKept, int Entries, int Capacity);

/// <summary>
/// Remembers the replies of calls that must not be executed twice (RFC 1813 §4.3: a REMOVE whose reply was lost would fail with
/// NFS3ERR_NOENT when it is retried). Bounded: the oldest finished entry makes room. Each entry knows its <see cref="Scope"/>,
/// so that it can be dropped, or move, with it.
/// <para>Sharded by key; each shard is a small closed table under its own lock, which is held for no call outside of it.
/// Memory grows in chunks with use and is then reused: a steady state allocates nothing.</para>
/// </summary>
public sealed class ReplyCache
{
    /// <summary>
    /// The longest reply that is kept, in bytes: that of an NFSv3 CREATE is 276 with a handle of 64; a compound of NFSv4.0 that makes a
    /// directory and asks for its attributes has some 400.
    /// </summary>
    public const int MaxReply = 448;

    /// <summary>How long a finished reply may be replayed: as long as the kernel's server keeps one (RC_EXPIRE).</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(120);

    private const int ShardBits = 3;
    private readonly ReplyShard[] shards = new ReplyShard[1 << ShardBits];
    private readonly TimeProvider time;

    /// <param name="capacity">The most entries, rounded up to a multiple of 8; about 400 bytes each when used.</param>
    /// <param name="time">The clock for <see cref="Lifetime"/>.</param>
    public ReplyCache(int capacity, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        this.time = time;
        int each = (capacity + shards.Length - 1) / shards.Length;
        long lifetime = (long)(Lifetime.TotalSeconds * time.TimestampFrequency);
        for (int i = 0; i < shards.Length; i++)
            shards[i] = new ReplyShard(each, lifetime);
    }

    public ReplyCacheCounts Counts
    {
        get
        {
            ReplyCacheCounts sum = default;
            foreach (var shard in shards)
            {
                var c = shard.Counts;
                sum = new(sum.Hits + c.Hits, sum.Dropped + c.Dropped, sum.Misses + c.Misses, sum.NotKept + c.NotKept,
                    sum.Entries + c.Entries, sum.Capacity + c.Capacity);
            }
            return sum;
        }
    }

    /// <summary>Looks the call up and, when it is new, enters it as in progress.</summary>
    /// <param name="key">The call.</param>
    /// <param name="reply">Where a remembered reply is copied to; one shorter than it makes the call new.</param>
    /// <param name="length">The length of the copied reply.</param>
    /// <param name="ticket">For a new call, what to complete.</param>
    public ReplyCacheAnswer Begin(in ReplyKey key, Span<byte> reply, out int length, out ReplyTicket ticket)
    {
        uint hash = key.Hash;
        int shard = (int)(hash >> (32 - ShardBits));
        var answer = shards[shard].Begin(key, hash, time.GetTimestamp(), reply, out length, out int entry);
        ticket = new(shard, entry);
        return answer;
    }

    /// <summary>Ends a call with the reply to be replayed. One over <see cref="MaxReply"/> is not kept.</summary>
    public void Complete(ReplyTicket ticket, in Scope scope, ReadOnlySpan<byte> reply)
    {
        if (ticket.IsKept)
            shards[ticket.Shard].Complete(ticket.Entry, scope, time.GetTimestamp(), reply);
    }

    /// <summary>Ends a call that may be executed again: it was not answered, or changed nothing and should be retried.</summary>
    public void Abandon(ReplyTicket ticket)
    {
        if (ticket.IsKept)
            shards[ticket.Shard].Abandon(ticket.Entry);
    }

    /// <summary>Drops the finished replies that <paramref name="selector"/> covers.</summary>
    /// <returns>How many.</returns>
    public int Forget(Scope selector)
    {
        int count = 0;
        foreach (var shard in shards)
            count += shard.Forget(selector);
        return count;
    }
}
