namespace NfsdCtl.Fuse;

/// <summary>
/// Threads for operations that may block, made when needed and kept: up to <paramref name="limit"/>, beyond which work waits in line. They are not the
/// thread pool's: an operation may hang for as long as a dead disk does, and the pool has other customers.
/// </summary>
internal sealed class CommandThreads(string name, int limit)
{
    private readonly object gate = new();
    private readonly Queue<Action> queue = new();
    private int idle;
    private int threads;
    private bool stopped;

    /// <summary>Runs the work soon. A thread inherits the credentials of its maker, so the caller must be root.</summary>
    public void Post(Action work)
    {
        lock (gate)
        {
            queue.Enqueue(work);
            if (queue.Count <= idle || threads >= limit)
            {
                Monitor.Pulse(gate);
                return;
            }
            threads++;
        }
        new Thread(Run, 256 * 1024) { IsBackground = true, Name = name }.Start();
    }

    /// <summary>Lets the threads end after the work that is queued.</summary>
    public void Stop()
    {
        lock (gate)
        {
            stopped = true;
            Monitor.PulseAll(gate);
        }
    }

    private void Run()
    {
        while (Take() is { } work)
            work();
    }

    private Action? Take()
    {
        lock (gate)
        {
            while (queue.Count == 0)
            {
                if (stopped)
                    return null;
                idle++;
                Monitor.Wait(gate);
                idle--;
            }
            return queue.Dequeue();
        }
    }
}
