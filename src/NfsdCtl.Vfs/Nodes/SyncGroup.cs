namespace NfsdCtl.Vfs.Nodes;

/// <summary>
/// Lets concurrent syncs of one file be one: a sync that starts after a caller arrived covers what that caller wrote. One of
/// those who wait runs it; several files sync at the same time and share the journal's commits.
/// </summary>
internal sealed class SyncGroup
{
    private readonly object gate = new();
    private long started;
    private long finished;
    private long failedAt;
    private int lastError;
    private bool running;

    /// <param name="sync">Runs the sync and gives 0 or an error number.</param>
    /// <param name="argument">Given to <paramref name="sync"/>, so that it needs no closure.</param>
    public int Run(Func<int, int> sync, int argument)
    {
        long mine;
        lock (gate)
        {
            // A sync that is under way may have missed what this caller wrote: the next one counts.
            mine = started + 1;
            while (running && finished < mine)
                Monitor.Wait(gate);
            if (finished >= mine)
                return failedAt >= mine ? lastError : 0;
            running = true;
            started++;
            mine = started;
        }
        int error = 0;
        try
        {
            error = sync(argument);
        }
        finally
        {
            lock (gate)
            {
                running = false;
                finished = mine;
                if (error != 0)
                {
                    failedAt = mine;
                    lastError = error;
                }
                Monitor.PulseAll(gate);
            }
        }
        return error;
    }
}
