using NfsdCtl.State.Shares;

namespace NfsdCtl.State.Locks;

/// <summary>A file that has state.</summary>
internal struct FileRecord : IHashed
{
    public FileKey Key;

    /// <summary>Changes with each change of its locks; unique over all files, so that a file that comes back is noticed.</summary>

    public int ReadRoot;
    public int WriteRoot;
    public int OwnRoot;

    /// <summary>Lock nodes, reservations and dead ones included.</summary>
    public int Nodes;

    public int FirstMark;

    /// <summary>The first of its NFSv4 opens, dead ones included, and how often each share is taken by them.</summary>
    public int FirstOpen;
    public ShareCounts Opens;

    /// <summary>Its locks are mirrored to the kernel for local programs.</summary>
    public bool Local;

    /// <summary>An NFSv4 client has or had it open: the file layer keeps it, and is to be told when nobody has any more.</summary>
    public bool Held;

    /// <summary>It has waiters or shares: <see cref="FileTable.QueueOf"/>.</summary>
    public bool HasQueue;

    public int Hash { get; set; }

    public int HashNext { get; set; }

    public int FreeNext
    {
        readonly get => ReadRoot;
        set => ReadRoot = value;
    }
}

/// <summary>How many opens of a file read, write, and keep others from reading and writing.</summary>
internal struct ShareCounts
{
    public int Read;
    public int Write;
    public int DenyRead;
    public int DenyWrite;

    public void Add(ShareAccess access, ShareDeny deny, int change)
    {
        Read += (access & ShareAccess.Read) != 0 ? change : 0;
        Write += (access & ShareAccess.Write) != 0 ? change : 0;
        DenyRead += (deny & ShareDeny.Read) != 0 ? change : 0;
        DenyWrite += (deny & ShareDeny.Write) != 0 ? change : 0;
    }

    public readonly bool Conflicts(ShareAccess access, ShareDeny deny) =>
        ((access & ShareAccess.Read) != 0 && DenyRead != 0) || ((access & ShareAccess.Write) != 0 && DenyWrite != 0)
        || ((deny & ShareDeny.Read) != 0 && Read != 0) || ((deny & ShareDeny.Write) != 0 && Write != 0);
}

/// <summary>The waiters of a file in the order of their coming, and its shares.</summary>
internal sealed class FileQueue
{
    public int File { get; set; }

    public Waiter? First { get; set; }

    public Waiter? Last { get; set; }

    public int Waiters { get; set; }

    public ShareEntry? FirstShare { get; set; }

    public int Shares { get; set; }

    /// <summary>It is to be seen whether a waiter can be granted.</summary>
    public bool Evaluating { get; set; }

    /// <summary>The waiter from which to go on with that.</summary>
    public Waiter? Cursor { get; set; }
}

internal sealed class FileTable
{
    private readonly ServerState state;
    private readonly Slab<FileRecord> slab;
    private readonly HashIndex<FileRecord> index;
    private readonly Dictionary<int, FileQueue> queues = [];
    private readonly Stack<FileQueue> pool = new();

    public FileTable(ServerState state)
    {
        this.state = state;
        slab = new Slab<FileRecord>(state.Options.MaxFiles);
        index = new HashIndex<FileRecord>(slab);
    }

    public int Count => slab.Count;

    public ref FileRecord this[int file] => ref slab[file];

    public Dictionary<int, FileQueue>.ValueCollection Queues => queues.Values;

    public int Find(in FileKey key)
    {
        int at = index.First(key.GetHashCode());
        while (at != 0 && slab[at].Key != key)
            at = slab[at].HashNext;
        return at;
    }

    /// <summary>0 when the bound is reached.</summary>
    public int FindOrAdd(in FileKey key)
    {
        int found = Find(key);
        if (found != 0 || slab.Available == 0)
            return found;
        found = slab.Take();
        slab[found].Key = key;
        index.Add(found, key.GetHashCode());
        return found;
    }

    /// <summary>The locks of the file changed somewhere in the range.</summary>
    public void Touch(int file, LockRange range)
    {
        ref var record = ref slab[file];
        if (record.Local)
            state.AddOnce(EffectKind.CoverLocally, record.Key, range);
    }

    public FileQueue QueueOf(int file)
    {
        if (queues.TryGetValue(file, out var queue))
            return queue;
        queue = pool.TryPop(out var used) ? used : new FileQueue();
        queue.File = file;
        queues.Add(file, queue);
        slab[file].HasQueue = true;
        return queue;
    }

    public FileQueue? QueueOrNull(int file) => file != 0 && slab[file].HasQueue ? queues[file] : null;

    /// <summary>Drops what is empty; true when the file itself went.</summary>
    public bool FreeIfIdle(int file)
    {
        ref var record = ref slab[file];
        if (record.HasQueue && queues[file] is { Waiters: 0, Shares: 0, Evaluating: false } queue)
        {
            record.HasQueue = false;
            queues.Remove(file);
            pool.Push(queue);
        }
        if (record.Nodes != 0 || record.FirstMark != 0 || record.FirstOpen != 0 || record.HasQueue)
            return false;
        if (record.Local || record.Held)
            state.AddOnce(EffectKind.FileIdle, record.Key, LockRange.All);
        index.Remove(file);
        slab.Give(file);
        return true;
    }
}
