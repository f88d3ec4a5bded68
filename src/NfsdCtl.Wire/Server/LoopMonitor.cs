namespace NfsdCtl.Wire.Server;

/// <summary>
/// Takes a loop from a leader that has been in one call for too long without having said that it blocks, and gives it to a
/// parked worker. Sleeps while nothing runs. To look at the loops costs as much as a request of a lone client, so it looks less often
/// the longer it finds none stuck: at last after <see cref="Patience"/> times <see cref="RpcServerOptions.StuckAfter"/>.
/// </summary>
internal sealed class LoopMonitor
{
    private const int IdleTurns = 50;
    private const int CalmTurns = 300;
    private const int Patience = 8;
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
        int calm = 0;
        while (Pause(server.Options.StuckAfter * (1 + ((Patience - 1) * calm / CalmTurns))))
        {
            if (idle >= IdleTurns)
                idle = Sleep();
            bool active = false;
            bool stuck = false;
            foreach (var loop in server.Loops)
            {
                active |= loop.Active;
                stuck |= Look(loop);
            }
            idle = active ? 0 : idle + 1;
            calm = stuck ? 0 : Math.Min(calm + 1, CalmTurns);
        }
    }

    /// <summary>False: it is over.</summary>
    private bool Pause(TimeSpan time)
    {
        lock (pause)
        {
            if (!stopping)
                Monitor.Wait(pause, time);
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

    /// <summary>True when the loop is stuck: a leader that was in the same call at the last look loses it.</summary>
    private bool Look(Loop loop)
    {
        var leader = loop.Leader;
        var now = (leader, leader?.Sequence ?? 0);
        bool same = leader is { IsExecuting: true } && seen[loop.Index] == now;
        seen[loop.Index] = now;
        if (same && server.TakeFollower() is { } follower && !leader!.TryDetach(follower))
            server.Unpark(follower);
        return same;
    }
}
