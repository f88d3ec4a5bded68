using NfsdCtl.State.Locks;
using NfsdCtl.Vfs;

namespace NfsdCtl.Protocols.Local;

/// <summary>
/// A few threads that wait in the kernel for local programs to leave a range (F_OFD_SETLKW), each on a description of its own,
/// which gives the lock back at once: the state then tries the waiting client. When all are busy, further waits are
/// left to the state's timer.
/// </summary>
internal sealed class LocalWaits(ILocalLockFiles opener, int threads, Action<FileKey> released) : IDisposable
{
    private readonly object gate = new();
    private readonly Dictionary<FileKey, Job> jobs = [];
    private readonly Queue<Job> queue = new();
    private int started;
    private int idle;
    private bool ended;

    /// <summary>Waits running or about to.</summary>
    public int Running
    {
        get
        {
            lock (gate)
                return jobs.Count;
        }
    }

    /// <summary>One wait for each file at a time; false when that or the number of threads is used up.</summary>
    public bool Start(in FileKey file, LockRange range, LockKind kind)
    {
        lock (gate)
        {
            if (ended || jobs.Count >= threads || jobs.ContainsKey(file))
                return false;
            var job = new Job(file, range, kind);
            jobs.Add(file, job);
            queue.Enqueue(job);
            if (idle > 0)
                Monitor.Pulse(gate);
            else if (started < threads)
            {
                started++;
                // A thread inherits the identity of the one that makes it.
                ThreadIdentity.BecomeRoot();
                new Thread(Run, 256 << 10) { IsBackground = true, Name = "local-lock-wait" }.Start();
            }
            return true;
        }
    }

    public void Cancel(in FileKey file)
    {
        lock (gate)
        {
            if (jobs.TryGetValue(file, out var job))
                job.Wait.Cancel();
        }
    }

    /// <summary>Ends the waits on a filesystem and returns when their descriptors are closed.</summary>
    public void Cancel(FsId fileSystem)
    {
        lock (gate)
        {
            foreach (var job in jobs.Values.Where(j => j.File.FileSystem == fileSystem))
                job.Wait.Cancel();
            while (jobs.Keys.Any(f => f.FileSystem == fileSystem))
                Monitor.Wait(gate);
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            ended = true;
            foreach (var job in jobs.Values)
                job.Wait.Cancel();
            Monitor.PulseAll(gate);
        }
    }

    private void Run()
    {
        while (Next() is { } job)
        {
            bool free = Await(job);
            lock (gate)
            {
                jobs.Remove(job.File);
                Monitor.PulseAll(gate);
            }
            if (free)
                released(job.File);
        }
    }

    private Job? Next()
    {
        lock (gate)
        {
            while (queue.Count == 0 && !ended)
            {
                idle++;
                Monitor.Wait(gate);
                idle--;
            }
            return queue.TryDequeue(out var job) ? job : null;
        }
    }

    private bool Await(Job job)
    {
        if (opener.Open(job.File, out var file) != VfsStatus.Ok || file is null)
            return false;
        using (file)
            return file.Wait(job.Range, job.Kind, job.Wait) == LocalLockResult.Done;
    }

    private sealed class Job(FileKey file, LockRange range, LockKind kind)
    {
        public FileKey File => file;

        public LockRange Range => range;

        public LockKind Kind => kind;

        public LocalLockWait Wait { get; } = new();
    }
}
