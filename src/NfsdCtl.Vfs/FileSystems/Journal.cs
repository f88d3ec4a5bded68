using System.Diagnostics;
using NfsdCtl.Linux;

namespace NfsdCtl.Vfs.FileSystems;

/// <summary>
/// Commits a filesystem's journal for all who changed its metadata. On ext3, ext4 and XFS the transactions of all files are one
/// sequence, and a sync of one file commits everything up to that file's last change (jbd2 commits whole transactions,
/// ext4's fast commits take along every changed inode, xfs_log_force_seq forces the log up to a sequence number). So the server's own
/// directory is touched and synced, which needs no room on a full disk: later than all changes that wait, and without writing data that nobody waits for. What comes during a commit
/// shares the next one, which waits a little for those whom the last released (<see cref="CommitGathering"/>).
/// </summary>
internal sealed unsafe class Journal(FileSystem volume)
{
    /// <summary>A thread without work for this long ends.</summary>
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(10);

    /// <summary>As long as replies are remembered for calls that come again (RC_EXPIRE in fs/nfsd/nfscache.c).</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(120);

    private readonly object gate = new();
    private readonly CommitGathering gathering = new();
    private List<JournalEntry> waiting = [];
    private List<JournalEntry> committing = [];
    private bool running;
    private long lastFailure;

    /// <summary>
    /// Whether <see cref="Add"/> takes data too: ext4's commit follows the write-back of data and flushes the disk. XFS can keep data on another device, and with
    /// lazytime a file's times reach the journal only with a sync of that file.
    /// </summary>
    public bool TakesData { get; set; }

    /// <summary>Some reply that was written already, and may be remembered, has become an error.</summary>
    public bool HasFailedLately => Volatile.Read(ref lastFailure) is var last and not 0 && Stopwatch.GetElapsedTime(last) < Memory;

    /// <summary>Something waits for a commit or is in one.</summary>
    public bool IsBusy
    {
        get
        {
            lock (gate)
                return waiting.Count > 0 || committing.Count > 0;
        }
    }

    /// <summary>Whether a mounted filesystem has one journal for everything. ext4 can be made without.</summary>
    public static bool IsFor(MountEntry mount) => mount.Type switch
    {
        "xfs" => true,
        "ext3" or "ext4" => HasJournal(mount.Device),
        _ => false,
    };

    /// <summary>Releases the hold as soon as every change of metadata made until now is on disk, and the data named.</summary>
    public void Add(IReplyHold hold, in DirtyRange data = default)
    {
        lock (gate)
        {
            waiting.Add(new JournalEntry(hold, data));
            if (running)
            {
                Monitor.Pulse(gate);
                return;
            }
            running = true;
        }
        new Thread(Run, 256 * 1024) { IsBackground = true, Name = "journal" }.Start();
    }

    private static bool HasJournal(string device)
    {
        // The kernel names the directory after the block device: loop0-8, dm-1-8.
        var block = new DirectoryInfo("/sys/dev/block/" + device).ResolveLinkTarget(returnFinalTarget: true);
        return block is not null && Directory.Exists("/proc/fs/jbd2") && Directory.EnumerateDirectories("/proc/fs/jbd2", block.Name + "-*").Any();
    }

    private void Run()
    {
        // It may have been born on a thread that acts for a user.
        ThreadIdentity.Become(Credential.Root);
        while (Next())
        {
            long start = Stopwatch.GetTimestamp();
            bool good = Commit();
            lock (gate)
                gathering.Committed(committing.Count, waiting.Count, Stopwatch.GetElapsedTime(start));
            foreach (var waiter in committing)
            {
                waiter.Data.Release();
                // The kernel tells a failed write-back once to an open file, whoever asks first: it may have been about this one's data.
                bool stable = good && (waiter.Data.IsEmpty || waiter.Data.Verifier == volume.WriteVerifier);
                if (!stable)
                    Volatile.Write(ref lastFailure, Stopwatch.GetTimestamp());
                waiter.Hold.Release(stable);
            }
            lock (gate)
                committing.Clear();
        }
    }

    private bool Next()
    {
        lock (gate)
        {
            while (waiting.Count == 0)
            {
                if (Monitor.Wait(gate, Idle) || waiting.Count > 0)
                    continue;
                running = false;
                return false;
            }
        }
        Gather();
        lock (gate)
        {
            (waiting, committing) = (committing, waiting);
            return true;
        }
    }

    private void Gather()
    {
        long start = Stopwatch.GetTimestamp();
        var patience = gathering.Patience(Waiting());
        if (patience == TimeSpan.Zero)
            return;
        while (Waiting() < gathering.Expected && Stopwatch.GetElapsedTime(start) < patience)
            Descriptors.Sleep(patience / 8);
        gathering.Waited(Waiting());
    }

    private int Waiting()
    {
        lock (gate)
            return waiting.Count;
    }

    private bool Commit()
    {
        switch (volume.AcquireMount(out int root, finishing: true))
        {
            case VfsStatus.Ok:
                break;
            // It was unmounted, which commits everything; but whose file is open is not gone, only out of sight.
            case VfsStatus.Stale:
                WriteData(static data => data.Sync());
                return true;
            default:
                return false;
        }
        foreach (var waiter in committing)
            waiter.Data.Start();
        WriteData(static data => data.Finish());
        bool good = Sync(root);
        volume.ReleaseMount();
        // A journal that fails takes along what was unstable, too.
        if (!good)
            NoteFailure();
        return good;
    }

    private void WriteData(Func<DirtyRange, bool> write)
    {
        bool good = true;
        foreach (var waiter in committing)
            good &= write(waiter.Data);
        // The kernel has forgotten the pages: what others wrote unstable may be gone with them.
        if (!good)
            NoteFailure();
    }

    private void NoteFailure()
    {
        Volatile.Write(ref lastFailure, Stopwatch.GetTimestamp());
        volume.ChangeWriteVerifier();
    }

    private static bool Sync(int root)
    {
        const int flags = Descriptors.O_RDONLY | Descriptors.O_CLOEXEC | Files.O_DIRECTORY | Files.O_NOFOLLOW;
        byte empty = 0;
        int directory;
        fixed (byte* name = ".nfsdctl\0"u8)
            directory = Files.OpenAt(root, name, flags, 0);
        if (directory < 0)
            return false;
        var now = stackalloc TimeSpec[2];
        now[0] = now[1] = new TimeSpec { Nanoseconds = Files.UTIME_NOW };
        bool good = Files.UTimeNsAt(directory, &empty, now, Files.AT_EMPTY_PATH) == 0 && Files.FSync(directory) == 0;
        Descriptors.Close(directory);
        return good;
    }
}

/// <summary>Who waits for a commit, and for what data before it.</summary>
internal readonly struct JournalEntry(IReplyHold hold, DirtyRange data)
{
    public readonly IReplyHold Hold = hold;
    public readonly DirtyRange Data = data;
}

/// <summary>Waits for a commit where the reply cannot be held. One for each thread.</summary>
internal sealed class JournalWaiter : IReplyHold
{
    [ThreadStatic]
    private static JournalWaiter? current;

    private readonly object gate = new();
    private bool? outcome;

    public static JournalWaiter Current => current ??= new JournalWaiter();

    /// <summary>Forgets the outcome for the next time.</summary>
    public bool Wait()
    {
        lock (gate)
        {
            while (outcome is null)
                Monitor.Wait(gate);
            bool good = outcome.Value;
            outcome = null;
            return good;
        }
    }

    public void Release(bool good)
    {
        lock (gate)
        {
            outcome = good;
            Monitor.PulseAll(gate);
        }
    }
}
