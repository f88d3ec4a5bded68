using NfsdCtl.Linux;
using NfsdCtl.Wire.Rpc;

namespace NfsdCtl.Wire.Server;

/// <summary>
/// Serves RPC programs over TCP and UDP. Each epoll loop has one leading thread, which reads, executes and answers; a call
/// that blocks goes on alone and a parked thread takes over the loop. All threads are made when the server starts, so that none
/// inherits the identity of a user for whom another happens to act.
/// </summary>
public sealed class RpcServer : IDisposable
{
    private readonly Stack<Worker> parked = new();
    private readonly List<RpcEndpoint> endpoints = [];
    private readonly List<Worker> workers = [];
    private readonly LoopMonitor monitor;
    private ITimer? ticks;
    private int nextLoop;
    private int surplus;
    private int threads;
    private bool started;
    private bool stopping;

    /// <param name="options">Sizes.</param>
    /// <param name="time">The clock, for rates of complaints.</param>
    /// <param name="report">Told what an administrator should know: a line, and the exception of a bug.</param>
    public RpcServer(RpcServerOptions options, TimeProvider time, Action<string, Exception?> report)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Threads, 2);
        Options = options with { Loops = options.Loops > 0 ? options.Loops : Environment.ProcessorCount };
        Time = time;
        Report = report;
        threads = Math.Max(options.Threads, Options.Loops + 1);
        Buffers = new BufferPool(options.MaxRecord);
        Connections = new ConnectionTable(options.MaxConnections, options.MaxConnectionsPerClient, options.IdleAfter);
        Loops = [.. Enumerable.Range(0, Options.Loops).Select(i => new Loop(i))];
        monitor = new LoopMonitor(this, Loops.Length);
    }

    public RpcServerOptions Options { get; }

    public RpcServerCounters Counters { get; } = new();

    /// <summary>Threads that execute calls. Setting it starts threads at once, and ends those too many when they are next idle.</summary>
    public int Threads
    {
        get => threads;
        set => Resize(Math.Max(value, Loops.Length + 1));
    }

    /// <summary>Threads that execute a call or lead a loop.</summary>
    public int BusyThreads
    {
        get
        {
            lock (parked)
                return workers.Count - parked.Count;
        }
    }

    /// <summary>How often a loop found something ready.</summary>
    public long Wakeups => Loops.Sum(l => Volatile.Read(ref l.Wakeups));

    internal TimeProvider Time { get; }

    internal Action<string, Exception?> Report { get; }

    internal BufferPool Buffers { get; }

    internal ConnectionTable Connections { get; }

    internal PipePool Pipes { get; } = new();

    internal Loop[] Loops { get; }

    /// <summary>How many calls of one connection may go on alone at a time: the others need threads too.</summary>
    internal int MostAlone => Math.Max(1, threads / 2);

    /// <summary>
    /// Opens an endpoint, or for the wildcard one of each family, and serves <paramref name="programs"/> on it.
    /// </summary>
    /// <param name="port">0: any that is free, the same for both families.</param>
    /// <exception cref="RpcListenException">In use, not on this machine, or no right to.</exception>
    public IReadOnlyList<RpcEndpoint> Listen(NetAddress address, ushort port, Transport transport, params RpcProgram[] programs)
    {
        var opened = new List<RpcEndpoint>();
        try
        {
            opened.Add(Open(address, address.IsWildcard || address.IsV4, port, transport, programs));
            if (address.IsWildcard && HasV6())
                opened.Add(Open(address, false, opened[0].Port, transport, programs));
        }
        catch (RpcListenException)
        {
            opened.ForEach(Close);
            throw;
        }
        return opened;
    }

    /// <summary>Closes an endpoint. Connections that were accepted on it go on.</summary>
    public void Close(RpcEndpoint endpoint)
    {
        lock (endpoints)
            endpoints.Remove(endpoint);
        if (endpoint.Channel.Loop.Remove(endpoint.Channel))
            endpoint.Channel.Release();
    }

    public IReadOnlyList<RpcEndpoint> Endpoints
    {
        get
        {
            lock (endpoints)
                return [.. endpoints];
        }
    }

    /// <summary>Starts the threads. Endpoints may be opened before and after.</summary>
    public void Start()
    {
        started = true;
        Grow(threads);
        foreach (var loop in Loops)
            TakeFollower()!.Promote(loop, null);
        monitor.Start();
        ticks = Time.CreateTimer(_ => Connections.Advance(), null, ConnectionTable.Tick, ConnectionTable.Tick);
    }

    /// <summary>Ends the connections that came in.</summary>
    public void BreakConnections()
    {
        foreach (var loop in Loops)
        {
            foreach (var connection in loop.Channels().OfType<TcpConnection>())
                connection.Break();
        }
    }

    /// <summary>Drops the connections that came in through an address which has left this host (lockd_inetaddr_event in fs/lockd/svc.c).</summary>
    public void Abandon(NetAddress local)
    {
        foreach (var loop in Loops)
        {
            foreach (var connection in loop.Channels().OfType<TcpConnection>().Where(c => c.LocalAddress == local))
                connection.Abandon();
        }
    }

    /// <summary>Ends everything; calls that run are waited for, up to <paramref name="patience"/>.</summary>
    public void Stop(TimeSpan patience)
    {
        if (!started || stopping)
            return;
        foreach (var endpoint in Endpoints)
            Close(endpoint);
        BreakConnections();
        stopping = true;
        ticks?.Dispose();
        monitor.Stop();
        foreach (var loop in Loops)
            loop.Stop();
        long end = Time.GetTimestamp() + (long)(patience.TotalSeconds * Time.TimestampFrequency);
        Worker[] all;
        lock (parked)
            all = [.. workers];
        foreach (var worker in all)
        {
            lock (parked)
            {
                if (parked.Contains(worker))
                    worker.Quit();
            }
            worker.Join(TimeSpan.FromSeconds(Math.Max(0, (end - Time.GetTimestamp()) / (double)Time.TimestampFrequency)));
        }
    }

    public void Dispose() => Stop(TimeSpan.FromSeconds(5));

    internal Loop NextLoop() => Loops[(uint)Interlocked.Increment(ref nextLoop) % (uint)Loops.Length];

    internal void Watch() => monitor.Wake();

    /// <summary>A worker without a call, or null when all have one.</summary>
    internal Worker? TakeFollower()
    {
        lock (parked)
            return parked.TryPop(out var worker) ? worker : null;
    }

    internal void Unpark(Worker unused)
    {
        lock (parked)
            parked.Push(unused);
    }

    /// <summary>A worker has nothing to do. False: it is one too many and ends.</summary>
    internal bool Park(Worker worker)
    {
        lock (parked)
        {
            if (stopping || surplus > 0)
            {
                surplus = Math.Max(0, surplus - 1);
                workers.Remove(worker);
                return false;
            }
            parked.Push(worker);
            return true;
        }
    }

    private RpcEndpoint Open(NetAddress address, bool v4, ushort port, Transport transport, RpcProgram[] programs)
    {
        var (socket, bound) = EndpointSockets.Bind(address, v4, port, transport);
        var loop = NextLoop();
        Channel channel = transport == Transport.Tcp
            ? new TcpListener(this, loop, socket, programs)
            : new UdpSocket(this, loop, socket, programs, v4 ? Sockets.AF_INET : Sockets.AF_INET6, bound);
        var endpoint = new RpcEndpoint(address, bound, transport, v4, channel);
        if (!loop.Add(channel, Epoll.EPOLLIN))
            throw new RpcListenException($"{endpoint}: cannot be watched", Errno.ENOMEM);
        lock (endpoints)
            endpoints.Add(endpoint);
        return endpoint;
    }

    private static bool HasV6() => System.Net.Sockets.Socket.OSSupportsIPv6;

    private void Resize(int wanted)
    {
        int more;
        lock (parked)
        {
            more = wanted - threads;
            threads = wanted;
        }
        if (more > 0 && started)
            Grow(more);
        else if (started)
            Shrink(-more);
    }

    private void Grow(int count)
    {
        for (int i = 0; i < count; i++)
        {
            lock (parked)
            {
                if (surplus > 0)
                {
                    surplus--;
                    continue;
                }
                var worker = new Worker(this, workers.Count);
                workers.Add(worker);
                parked.Push(worker);
                worker.Start();
            }
        }
    }

    private void Shrink(int count)
    {
        for (int i = 0; i < count; i++)
        {
            lock (parked)
            {
                if (parked.TryPop(out var worker))
                {
                    workers.Remove(worker);
                    worker.Quit();
                }
                else
                {
                    surplus++;
                }
            }
        }
    }
}
