using System.Collections.Concurrent;
using NfsdCtl.State;
using NfsdCtl.State.Locks;
using NfsdCtl.Vfs;

namespace NfsdCtl.Protocols.Local;

/// <summary>Whether local programs leave a lock to a client.</summary>
public enum LocalAnswer : byte
{
    Taken,

    /// <summary>A local program holds a lock that is in the way.</summary>
    Conflict,

    /// <summary>The file is gone.</summary>
    Stale,

    /// <summary>
    /// The file cannot be opened or locked, or the bound on descriptors is reached. The lock is refused: a grant that local
    /// programs would not respect would be worse.
    /// </summary>
    Failed,
}

/// <summary>
/// The clients' locks as local programs see them: for each locked file one open file description that holds the union of what
/// clients hold. What a client is granted was taken there first; what clients gave up is given back by <see cref="Realign"/>,
/// and the kernel never has less than the lock table. Beyond <see cref="LockTable.MaxCover"/> ranges neighbours are covered
/// together.
/// <para>Lock order: a file's own lock, then the gate. Nothing here waits for a lock in the kernel, except the few
/// threads of <see cref="LocalWaits"/>.</para>
/// </summary>
public sealed class LocalLocks : IDisposable
{
    /// <summary>How long a description stays open after its last lock: a client that locks again soon pays no open.</summary>
    public static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(1);

    private readonly ServerState state;
    private readonly ILocalLockFiles opener;
    private readonly TimeProvider time;
    private readonly int maxFiles;
    private readonly ConcurrentDictionary<FileKey, LockedFile> files = new();
    private readonly LocalWaits waits;
    private readonly ThreadLocal<PutOffReleases> putOff;
    private readonly ITimer timer;
    private int open;
    private int timerArmed;

    /// <param name="state">Knows what is held.</param>
    /// <param name="opener">Opens files.</param>
    /// <param name="time">The clock for idle descriptions.</param>
    /// <param name="maxFiles">The most descriptions at a time.</param>
    /// <param name="waitThreads">How many waits for local programs run at a time; others are tried again by the state's timer.</param>
    public LocalLocks(ServerState state, ILocalLockFiles opener, TimeProvider time, int maxFiles, int waitThreads)
    {
        this.state = state;
        this.opener = opener;
        this.time = time;
        this.maxFiles = maxFiles;
        waits = new LocalWaits(opener, waitThreads, file => Released?.Invoke(file));
        putOff = new ThreadLocal<PutOffReleases>(() => new PutOffReleases(this));
        timer = time.CreateTimer(_ => CatchUp(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Raised on a thread of its own when a local program gave up a lock that a client waits for.</summary>
    public event Action<FileKey>? Released;

    /// <summary>Raised with what the gate had to say while files were brought in line later.</summary>
    public event Action<EffectList>? EffectsLeft;

    /// <summary>Descriptions open now.</summary>
    public int OpenFiles => Volatile.Read(ref open);

    /// <summary>Takes the kernel's lock for what the state has reserved: one fcntl(2), once the file is open.</summary>
    /// <param name="effects">Receives what the gate had to say meanwhile.</param>
    public LocalAnswer Take(in FileKey key, LockRange range, LockKind kind, EffectList effects)
    {
        while (true)
        {
            var file = files.GetOrAdd(key, static k => new LockedFile(k));
            using (file.Gate.Hold())
            {
                if (file.Removed)
                    continue;
                var answer = EnsureOpen(file);
                if (answer == LocalAnswer.Taken && !file.Cover.Includes(range, kind))
                    answer = Set(file, range, kind, effects);
                NoteIdle(file);
                return answer;
            }
        }
    }

    /// <summary>A local program's lock in the way of this one, which no client's lock is.</summary>
    public LocalHolder? Test(in FileKey key, LockRange range, LockKind kind)
    {
        while (true)
        {
            var file = files.GetOrAdd(key, static k => new LockedFile(k));
            using (file.Gate.Hold())
            {
                if (file.Removed)
                    continue;
                var holder = EnsureOpen(file) == LocalAnswer.Taken ? file.Opened!.Conflict(range, kind) : null;
                NoteIdle(file);
                return holder;
            }
        }
    }

    /// <summary>
    /// Gives back, in a part of a file, what no client holds any more. <paramref name="effects"/> receives what the gate had to say
    /// meanwhile. In a file where neighbours are covered together it waits for a second: one lock less changes little there.
    /// </summary>
    public void Realign(in FileKey key, LockRange window, EffectList effects)
    {
        if (!files.TryGetValue(key, out var file))
            return;
        using (file.Gate.Hold())
        {
            if (file.Removed || file.Opened is null)
                return;
            if (file.Coarse && window != LockRange.All)
                NoteBehind(file);
            else
                Realign(file, window, effects);
            NoteIdle(file);
        }
    }

    /// <summary>The same before the reply of a call leaves, with what its neighbours gave up. False: it is to be done at once.</summary>
    internal bool Realign(in FileKey key, LockRange window, IBlockingHook call)
    {
        var mine = putOff.Value!;
        if (!call.BeforeReply(mine))
            return false;
        mine.Add(key, window);
        return true;
    }

    /// <summary>Does what was put off.</summary>
    internal void Realign(in FileKey key, LockRange window)
    {
        var effects = putOff.Value!.Effects;
        Realign(key, window, effects);
        if (effects.Count > 0)
            EffectsLeft?.Invoke(effects);
    }

    /// <summary>
    /// The file's locks changed by a lock that <see cref="Take"/> has already put into the kernel. What else there may be to be given
    /// back, such as the rest of a downgrade, can wait for a second.
    /// </summary>
    public void RealignLater(in FileKey key)
    {
        if (files.TryGetValue(key, out var file))
            NoteBehind(file);
    }

    /// <summary>No client holds or awaits anything on the file.</summary>
    public void Idle(in FileKey key, EffectList effects)
    {
        waits.Cancel(key);
        Realign(key, LockRange.All, effects);
    }

    /// <summary>The same before the reply of a call leaves. False: it is to be done at once.</summary>
    internal bool Idle(in FileKey key, IBlockingHook call)
    {
        if (!Realign(key, LockRange.All, call))
            return false;
        waits.Cancel(key);
        return true;
    }

    /// <summary>Has one of the waiting threads find out when local programs leave the range; they tell by <see cref="Released"/>.</summary>
    public void AwaitRelease(in FileKey key, LockRange range, LockKind kind) => waits.Start(key, range, kind);

    /// <summary>Closes every description on a filesystem, after its state was released, so that it can be unmounted.</summary>
    public void Release(FsId fileSystem)
    {
        waits.Cancel(fileSystem);
        foreach (var (key, file) in files)
        {
            if (key.FileSystem == fileSystem)
                Close(file, onlyIdle: false);
        }
    }

    public void Dispose()
    {
        timer.Dispose();
        waits.Dispose();
        putOff.Dispose();
        foreach (var file in files.Values)
            Close(file, onlyIdle: false);
    }

    private LocalAnswer EnsureOpen(LockedFile file)
    {
        if (file.Opened is not null)
            return LocalAnswer.Taken;
        if (Volatile.Read(ref open) >= maxFiles)
        {
            Remove(file);
            return LocalAnswer.Failed;
        }
        var status = opener.Open(file.Key, out var opened);
        if (status != VfsStatus.Ok)
        {
            Remove(file);
            return status switch
            {
                VfsStatus.Stale or VfsStatus.NoEnt => LocalAnswer.Stale,
                VfsStatus.Jukebox => LocalAnswer.Conflict,
                _ => LocalAnswer.Failed,
            };
        }
        file.Opened = opened;
        Interlocked.Increment(ref open);
        return LocalAnswer.Taken;
    }

    private LocalAnswer Set(LockedFile file, LockRange range, LockKind kind, EffectList effects)
    {
        var result = file.Opened!.Set(range, kind);
        if (result != LocalLockResult.Done)
            return result == LocalLockResult.Conflict ? LocalAnswer.Conflict : LocalAnswer.Failed;
        file.Cover.Set(range, kind);
        if (file.Cover.Count > 2 * LockTable.MaxCover)
            Realign(file, LockRange.All, effects);
        return LocalAnswer.Taken;
    }

    private void Realign(LockedFile file, LockRange window, EffectList effects)
    {
        Span<CoverRange> wanted = stackalloc CoverRange[LockTable.MaxCover];
        int count;
        bool exact;
        using (var gate = state.Enter(effects))
            count = state.Locks.LocalCover(gate, file.Key, window, wanted, out exact);
        wanted = wanted[..count];
        if (window == LockRange.All)
            (file.Behind, file.Coarse) = (false, !exact);
        else if (!exact)
            NoteBehind(file);
        ulong next = window.Start;
        foreach (var range in wanted)
        {
            if (range.Range.Start > next)
                GiveBack(file, new LockRange(next, range.Range.Start - 1));
            next = range.Range.End + 1;
            if (range.Kind == LockKind.Read && file.Cover.Overlaps(range.Range, LockKind.Write))
                TryTake(file, range);
        }
        if (count == 0 || wanted[^1].Range.End != window.End)
            GiveBack(file, new LockRange(next, window.End));
        if (window == LockRange.All && file.Cover.Count > LockTable.MaxCover)
            Fill(file, wanted);
    }

    /// <summary>A file with very many ranges: takes the spaces between neighbours too, where local programs let it.</summary>
    private static void Fill(LockedFile file, ReadOnlySpan<CoverRange> wanted)
    {
        foreach (var range in wanted)
        {
            if (!file.Cover.Includes(range.Range, range.Kind))
                TryTake(file, range);
        }
    }

    private static void TryTake(LockedFile file, CoverRange range)
    {
        if (file.Opened!.Set(range.Range, range.Kind) == LocalLockResult.Done)
            file.Cover.Set(range.Range, range.Kind);
    }

    private static void GiveBack(LockedFile file, LockRange range)
    {
        if (file.Cover.Overlaps(range, LockKind.Read) && file.Opened!.Set(range, null) == LocalLockResult.Done)
            file.Cover.Set(range, null);
    }

    private void NoteBehind(LockedFile file)
    {
        file.Behind = true;
        ArmTimer();
    }

    private void NoteIdle(LockedFile file)
    {
        if (file.Removed || file.Cover.Count > 0)
            return;
        file.IdleSince = time.GetTimestamp();
        ArmTimer();
    }

    private void ArmTimer()
    {
        if (Volatile.Read(ref timerArmed) != 0 || Interlocked.Exchange(ref timerArmed, 1) != 0)
            return;
        // The timer may have the runtime make a thread, which inherits the identity of this one.
        ThreadIdentity.BecomeRoot();
        timer.Change(IdleTime, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Brings in line what was put off, and closes what has been idle.</summary>
    private void CatchUp()
    {
        Volatile.Write(ref timerArmed, 0);
        var effects = new EffectList();
        bool idle = false;
        foreach (var file in files.Values)
        {
            if (file.Behind)
                Realign(file.Key, LockRange.All, effects);
            idle |= !Close(file, onlyIdle: true) && file.Cover.Count == 0;
        }
        if (effects.Count > 0)
            EffectsLeft?.Invoke(effects);
        if (idle)
            ArmTimer();
    }

    private bool Close(LockedFile file, bool onlyIdle)
    {
        using (file.Gate.Hold())
        {
            if (file.Removed || (onlyIdle && (file.Cover.Count > 0 || time.GetElapsedTime(file.IdleSince) < IdleTime)))
                return false;
            Remove(file);
            return true;
        }
    }

    private void Remove(LockedFile file)
    {
        file.Removed = true;
        files.TryRemove(file.Key, out _);
        if (file.Opened is null)
            return;
        file.Opened.Dispose();
        file.Opened = null;
        Interlocked.Decrement(ref open);
    }

    private sealed class LockedFile(FileKey key)
    {
        public ShortLock Gate { get; } = new();

        public FileKey Key { get; } = key;

        public ILocalLockFile? Opened { get; set; }

        public KernelCover Cover { get; } = new();

        public long IdleSince { get; set; }

        /// <summary>The kernel may have more than clients hold: to be brought in line within a second.</summary>
        public bool Behind { get; set; }

        /// <summary>Clients hold more ranges than are kept in the kernel, where neighbours are locked together.</summary>
        public bool Coarse { get; set; }

        public bool Removed { get; set; }
    }
}
