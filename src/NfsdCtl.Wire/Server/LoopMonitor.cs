namespace NfsdCtl.Wire.Server;

/// <summary>
/// Takes a loop from a leader that has been in one call for too long without having said that it blocks, and gives it to a
/// parked worker. Sleeps while nothing runs.
/// </summary>
internal sealed class LoopMonitor
{
    private const int IdleTurns = 50;
    private readonly RpcServer server;
    private readonly (Worker? Worker, int Sequence)[] seen;
    private readonly Signal awake = new();
    private readonly object pause = new();
    private readonly Thread thread;
    private volatile bool sleeping;
    private volatile bool stopping;

    public LoopMonitor(RpcServer server, int loops)
    {
        this.server = server;
        seen = new (Worker?, int)[loops];
        thread = new Thread(Run, 256 * 1024) { Name = "rpc-monitor", IsBackground = true };
    }

    public void Start() => thread.Start();

    /// <summary>Something runs again. Called by each leader after each wait, so it must cost nothing when the monitor is awake.</summary>
    public void Wake()
    {
        if (sleeping)
            awake.Set();
    }

    public void Stop()
    {
        lock (pause)
        {
            stopping = true;
            Monitor.PulseAll(pause);
        }
        awake.Set();
        thread.Join();
    }

    private void Run()
    {
        int idle = 0;
        while (Pause())
        {
            if (idle >= IdleTurns)
                idle = Sleep();
            bool any = false;
            foreach (var loop in server.Loops)
                any |= Look(loop);
            idle = any ? 0 : idle + 1;
        }
    }

    /// <summary>False: it is over.</summary>
    private bool Pause()
    {
        lock (pause)
        {
            if (!stopping)
                Monitor.Wait(pause, server.Options.StuckAfter);
            return !stopping;
        }
    }

    private int Sleep()
    {
        awake.Reset();
        sleeping = true;
        // a leader may have begun to run before it could see that we sleep; the barrier is here, so that leaders need none
        Interlocked.MemoryBarrierProcessWide();
        if (!stopping && !server.Loops.Any(l => l.Active))
            awake.Wait();
        sleeping = false;
        return 0;
    }

    /// <summary>True when the loop runs. A leader that was in the same call at the last look loses it.</summary>
    private bool Look(Loop loop)
    {
        var leader = loop.Leader;
        var now = (leader, leader?.Sequence ?? 0);
        bool same = leader is { IsExecuting: true } && seen[loop.Index] == now;
        seen[loop.Index] = now;
        if (same && server.TakeFollower() is { } follower && !leader!.TryDetach(follower))
            server.Unpark(follower);
        return loop.Active;
    }
}
