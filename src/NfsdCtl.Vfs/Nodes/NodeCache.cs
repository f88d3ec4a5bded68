using NfsdCtl.Linux;
using NfsdCtl.Vfs.FileSystems;

namespace NfsdCtl.Vfs.Nodes;

/// <summary>How much the node cache keeps.</summary>
/// <param name="MaxNodes">Files with a descriptor kept; more only while more are in use at once.</param>
/// <param name="IdleDataTicks">Ticks (seconds) after which an idle data descriptor is closed.</param>
/// <param name="IdleNodeTicks">Ticks after which an idle file is let go, so that a file deleted locally gives its room back.</param>
public sealed record NodeCacheSettings(int MaxNodes = 65_536, int IdleDataTicks = 3, int IdleNodeTicks = 60);

/// <summary>What the cache holds and did, for reports.</summary>
public readonly record struct NodeCacheStatistics(int Nodes, long Hits, long Misses, long Evictions);

/// <summary>
/// The files that the server has descriptors of, by key. Sharded; a hit allocates nothing. What was used least recently goes
/// first (clock); what is in use never goes.
/// </summary>
public sealed class NodeCache
{
    /// <summary>The tables that the files are spread over.</summary>
    public const int ShardCount = 64;

    private const int IdleListingTicks = 15;
    private readonly Shard[] shards = new Shard[ShardCount];
    private readonly NodeCacheSettings settings;
    private readonly int mostHeld;
    private int held;
    private int now;

    public NodeCache(NodeCacheSettings settings)
    {
        this.settings = settings;
        ulong descriptors = Credentials.RaiseDescriptorLimit();
        // A node may have three descriptors; a quarter of all is left to sockets and the rest.
        mostHeld = (int)Math.Min(descriptors / 2, int.MaxValue);
        int most = (int)Math.Min((ulong)settings.MaxNodes, Math.Max(descriptors / 4, 64));
        for (int i = 0; i < ShardCount; i++)
            shards[i] = new Shard(Math.Max(1, most / ShardCount));
    }

    /// <summary>The cache's clock, in ticks: moved by <see cref="Tick"/>, so that a hit reads no clock.</summary>
    internal int Now => Volatile.Read(ref now);

    public NodeCacheStatistics Statistics
    {
        get
        {
            int nodes = 0;
            long hits = 0, misses = 0, evictions = 0;
            foreach (var shard in shards)
                lock (shard)
                {
                    nodes += shard.Clock.Count;
                    hits += shard.Hits;
                    misses += shard.Misses;
                    evictions += shard.Evictions;
                }
            return new NodeCacheStatistics(nodes, hits, misses, evictions);
        }
    }

    /// <summary>The node of a key, referenced; null when it is not there.</summary>
    internal VfsNode? TryAcquire(in FileKey key)
    {
        var shard = ShardOf(key);
        lock (shard)
        {
            if (!shard.Nodes.TryGetValue(key, out var node))
            {
                shard.Misses++;
                return null;
            }
            shard.Hits++;
            node.AddReference();
            node.RecentlyUsed = true;
            node.LastUse = now;
            return node;
        }
    }

    /// <summary>The same for a look from outside, which is no use of the file and is not counted as one.</summary>
    internal VfsNode? Peek(in FileKey key)
    {
        var shard = ShardOf(key);
        lock (shard)
        {
            if (shard.Nodes.TryGetValue(key, out var node))
                node.AddReference();
            return node;
        }
    }

    /// <summary>Puts in a node for a descriptor, which the cache owns from now on, or finds the one that came first.</summary>
    internal VfsNode Insert(in FileKey key, int descriptor, FileSystem fileSystem, FileType type)
    {
        var shard = ShardOf(key);
        VfsNode? evicted = null;
        VfsNode? node;
        lock (shard)
        {
            if (shard.Nodes.TryGetValue(key, out node))
            {
                Descriptors.Close(descriptor);
            }
            else
            {
                if (shard.Clock.Count >= shard.Limit)
                    evicted = shard.Evict();
                node = new VfsNode(key, descriptor, fileSystem, type) { Slot = shard.Clock.Count };
                shard.Nodes.Add(key, node);
                shard.Clock.Add(node);
            }
            node.AddReference();
            node.RecentlyUsed = true;
            node.LastUse = now;
        }
        evicted?.Doom();
        return node;
    }

    /// <summary>
    /// Keeps a node until <see cref="Unhold"/>, also when its file loses its last link: its handle stays good. False: half of all descriptors are
    /// taken by such files, and the others are for everybody.
    /// </summary>
    internal bool Hold(VfsNode node)
    {
        var shard = ShardOf(node.Key);
        lock (shard)
        {
            // One that was forgotten meanwhile could not be found again to be let go.
            if (node.IsHeld || !shard.Nodes.TryGetValue(node.Key, out var found) || !ReferenceEquals(found, node))
                return true;
            if (Volatile.Read(ref held) >= mostHeld)
                return false;
            Interlocked.Increment(ref held);
            node.IsHeld = true;
            node.AddReference();
            return true;
        }
    }

    /// <summary>Lets go of what <see cref="Hold"/> kept, and of the file with it when it has no link any more.</summary>
    internal void Unhold(in FileKey key)
    {
        var shard = ShardOf(key);
        VfsNode? node;
        lock (shard)
        {
            if (!shard.Nodes.TryGetValue(key, out node) || !node.IsHeld)
                return;
            node.IsHeld = false;
            Interlocked.Decrement(ref held);
        }
        if (node.IsUnlinked)
            Drop(node);
        node.Release();
    }

    /// <summary>The last link of a file went: it is forgotten, now or when nobody holds it any more. True: somebody does.</summary>
    internal bool Unlink(VfsNode node)
    {
        lock (ShardOf(node.Key))
        {
            node.IsUnlinked = true;
            if (node.IsHeld)
                return true;
        }
        Drop(node);
        return false;
    }

    /// <summary>Forgets a file; open until its users are done.</summary>
    internal void Drop(VfsNode node)
    {
        var shard = ShardOf(node.Key);
        lock (shard)
            if (shard.Nodes.TryGetValue(node.Key, out var found) && ReferenceEquals(found, node))
                shard.Remove(node);
        node.Doom();
    }

    /// <summary>Forgets every file of a filesystem. The nodes still in use are returned.</summary>
    internal List<VfsNode> DropFileSystem(FsId fileSystem, out int dropped)
    {
        dropped = 0;
        var busy = new List<VfsNode>();
        var gone = new List<VfsNode>();
        foreach (var shard in shards)
        {
            lock (shard)
            {
                foreach (var node in shard.Clock)
                    if (node.Key.FileSystem == fileSystem)
                        gone.Add(node);
                foreach (var node in gone)
                    shard.Remove(node);
            }
            dropped += gone.Count;
            foreach (var node in gone)
            {
                if (node.IsHeld)
                {
                    node.IsHeld = false;
                    Interlocked.Decrement(ref held);
                    node.Release();
                }
                node.Doom();
                if (!node.IsClosed)
                    busy.Add(node);
            }
            gone.Clear();
        }
        return busy;
    }

    /// <summary>
    /// One tick (a second) of the clock: closes what was idle for too long. The server calls it every second, from a thread
    /// that takes no identity.
    /// </summary>
    public void Tick()
    {
        int time = Interlocked.Increment(ref now);
        var idle = new List<VfsNode>();
        foreach (var shard in shards)
        {
            lock (shard)
            {
                foreach (var node in shard.Clock)
                {
                    node.CloseIdleData(time - settings.IdleDataTicks);
                    if (node.LastUse - (time - IdleListingTicks) <= 0)
                        node.Listing = null;
                    if (node.IsIdle && node.LastUse - (time - settings.IdleNodeTicks) <= 0)
                        idle.Add(node);
                }
                foreach (var node in idle)
                    shard.Remove(node);
            }
            foreach (var node in idle)
                node.Doom();
            idle.Clear();
        }
    }

    private Shard ShardOf(in FileKey key) => shards[(key.GetHashCode() >> 8) & (ShardCount - 1)];

    private sealed class Shard(int limit)
    {
        private int hand;

        public int Limit { get; } = limit;

        public Dictionary<FileKey, VfsNode> Nodes { get; } = [];

        public List<VfsNode> Clock { get; } = [];

        public long Hits;
        public long Misses;
        public long Evictions;

        /// <summary>Takes out one node that is idle and was not used since the hand last passed; null when all are in use.</summary>
        public VfsNode? Evict()
        {
            for (int steps = 0; steps < 2 * Clock.Count; steps++)
            {
                hand = hand + 1 < Clock.Count ? hand + 1 : 0;
                var node = Clock[hand];
                if (!node.IsIdle)
                    continue;
                if (node.RecentlyUsed)
                {
                    node.RecentlyUsed = false;
                    continue;
                }
                Remove(node);
                Evictions++;
                return node;
            }
            return null;
        }

        public void Remove(VfsNode node)
        {
            Nodes.Remove(node.Key);
            var last = Clock[^1];
            Clock[node.Slot] = last;
            last.Slot = node.Slot;
            Clock.RemoveAt(Clock.Count - 1);
        }
    }
}
