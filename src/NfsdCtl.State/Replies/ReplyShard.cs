using System.Runtime.CompilerServices;

namespace NfsdCtl.State.Replies;

/// <summary>One shard of a <see cref="ReplyCache"/>: a hash table with chains, and a list by age, in chunks of structs.</summary>
internal sealed class ReplyShard
{
    private const int ChunkBits = 8;
    private const int ChunkMask = (1 << ChunkBits) - 1;
    private readonly Lock gate = new();
    private readonly long lifetime;
    private readonly int capacity;
    private readonly int[] buckets;
    private readonly Entry[][] chunks;
    private int allocated;
    private int free;

    // The list of finished entries by the time they were finished, oldest first; entry 0 is nobody and holds both ends.
    private int oldest;
    private int newest;
    private int inUse;
    private long hits;
    private long dropped;
    private long misses;
    private long notKept;

    public ReplyShard(int capacity, long lifetime)
    {
        this.capacity = capacity;
        this.lifetime = lifetime;
        buckets = new int[System.Numerics.BitOperations.RoundUpToPowerOf2((uint)capacity)];
        chunks = new Entry[(capacity >> ChunkBits) + 1][];
    }

    public ReplyCacheCounts Counts
    {
        get
        {
            lock (gate)
                return new(hits, dropped, misses, notKept, inUse, capacity);
        }
    }

    public ReplyCacheAnswer Begin(in ReplyKey key, uint hash, long now, Span<byte> reply, out int length, out int entry)
    {
        lock (gate)
        {
            length = 0;
            entry = Find(key, hash);
            if (entry != 0)
            {
                ref var found = ref At(entry);
                if (!found.Done)
                {
                    dropped++;
                    return ReplyCacheAnswer.InProgress;
                }
                if (now - found.Time <= lifetime && found.Length <= reply.Length)
                {
                    length = found.Length;
                    ((ReadOnlySpan<byte>)found.Reply)[..length].CopyTo(reply);
                    hits++;
                    return ReplyCacheAnswer.Replay;
                }
                Drop(entry);
            }
            misses++;
            entry = Take();
            if (entry == 0)
                notKept++;
            else
                Enter(entry, key, hash);
            return ReplyCacheAnswer.New;
        }
    }

    public void Complete(int entry, in Scope scope, long now, ReadOnlySpan<byte> reply)
    {
        lock (gate)
        {
            ref var e = ref At(entry);
            if (reply.Length > ReplyCache.MaxReply)
            {
                notKept++;
                Unchain(entry);
                Release(entry);
                return;
            }
            e.Scope = scope;
            e.Time = now;
            e.Done = true;
            e.Length = (ushort)reply.Length;
            reply.CopyTo(e.Reply);
            Append(entry);
        }
    }

    public void Abandon(int entry)
    {
        lock (gate)
        {
            Unchain(entry);
            Release(entry);
        }
    }

    public int Forget(Scope selector)
    {
        lock (gate)
        {
            int count = 0;
            for (int i = oldest; i != 0;)
            {
                int next = At(i).Newer;
                if (selector.Covers(At(i).Scope))
                {
                    Drop(i);
                    count++;
                }
                i = next;
            }
            return count;
        }
    }

    private ref Entry At(int entry) => ref chunks[(entry - 1) >> ChunkBits][(entry - 1) & ChunkMask];

    private ref int Bucket(uint hash) => ref buckets[hash & (uint)(buckets.Length - 1)];

    private int Find(in ReplyKey key, uint hash)
    {
        int i = Bucket(hash);
        while (i != 0 && At(i).Key != key)
            i = At(i).Next;
        return i;
    }

    /// <summary>A free entry: one given back, a new one, or the oldest finished one; 0 when all are in progress.</summary>
    private int Take()
    {
        if (free != 0)
        {
            int i = free;
            free = At(i).Next;
            return i;
        }
        if (allocated < capacity)
        {
            ref var chunk = ref chunks[allocated >> ChunkBits];
            chunk ??= new Entry[1 << ChunkBits];
            return ++allocated;
        }
        if (oldest == 0)
            return 0;
        Drop(oldest);
        int taken = free;
        free = At(taken).Next;
        return taken;
    }

    private void Enter(int entry, in ReplyKey key, uint hash)
    {
        ref var e = ref At(entry);
        ref int bucket = ref Bucket(hash);
        e.Key = key;
        e.Done = false;
        e.Next = bucket;
        bucket = entry;
        inUse++;
    }

    private void Append(int entry)
    {
        ref var e = ref At(entry);
        e.Older = newest;
        e.Newer = 0;
        if (newest != 0)
            At(newest).Newer = entry;
        else
            oldest = entry;
        newest = entry;
    }

    /// <summary>Takes a finished entry out of the table and the list.</summary>
    private void Drop(int entry)
    {
        ref var e = ref At(entry);
        if (e.Older != 0)
            At(e.Older).Newer = e.Newer;
        else
            oldest = e.Newer;
        if (e.Newer != 0)
            At(e.Newer).Older = e.Older;
        else
            newest = e.Older;
        Unchain(entry);
        Release(entry);
    }

    private void Unchain(int entry)
    {
        ref int link = ref Bucket(At(entry).Key.Hash);
        while (link != entry)
            link = ref At(link).Next;
        link = At(entry).Next;
    }

    private void Release(int entry)
    {
        At(entry).Next = free;
        free = entry;
        inUse--;
    }

    private struct Entry
    {
        public ReplyKey Key;
        public Scope Scope;
        public long Time;
        public int Next;
        public int Older;
        public int Newer;
        public ushort Length;
        public bool Done;
        public ReplyBytes Reply;
    }

    [InlineArray(ReplyCache.MaxReply)]
    private struct ReplyBytes
    {
        private byte first;
    }
}
