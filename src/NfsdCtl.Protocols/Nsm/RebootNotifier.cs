using NfsdCtl.Protocols.Peers;
using NfsdCtl.Wire.Rpc;

namespace NfsdCtl.Protocols.Nsm;

/// <summary>
/// Tells clients that a server address came up (SM_NOTIFY, XNFS chapter 11), so that they reclaim their locks: from that
/// address, as soon as it is on this host and not before, under each name by which a client may know it, repeated with
/// growing pauses until the client's monitor answers or 15 minutes have passed. Many clients are told at a time; one that is
/// silent delays none.
/// </summary>
public sealed class RebootNotifier : IDisposable
{
    /// <summary>The calls in flight at a time, over all clients.</summary>
    public const int Parallel = 64;

    /// <summary>How long a client is tried, from its first call on; sm-notify(8) does the same.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    public static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(2);
    public static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(60);

    private readonly IPeerCalls peers;
    private readonly TimeProvider time;
    private readonly Func<NetAddress, IReadOnlyList<string>> namesOf;
    private readonly ITimer timer;
    private readonly Lock gate = new();
    private readonly Dictionary<(NetAddress Server, NetAddress Client), Notice> notices = [];
    private readonly PriorityQueue<Notice, long> due = new();
    private int inFlight;
    private bool paused;

    /// <param name="peers">Makes the calls.</param>
    /// <param name="time">The clock.</param>
    /// <param name="namesOf">
    /// The names of a server address, best first: a client compares them with the one it mounted, resolved at its side.
    /// </param>
    public RebootNotifier(IPeerCalls peers, TimeProvider time, Func<NetAddress, IReadOnlyList<string>> namesOf)
    {
        this.peers = peers;
        this.time = time;
        this.namesOf = namesOf;
        timer = time.CreateTimer(_ => Pump(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Clients that have not answered yet.</summary>
    public int Pending
    {
        get
        {
            lock (gate)
                return notices.Count;
        }
    }

    /// <summary>
    /// Starts to tell a client; a notice under way for the same addresses is replaced. <paramref name="state"/> is odd and
    /// differs from what the client saw before. <paramref name="done"/> is told, on any thread, whether the client answered.
    /// </summary>
    public void Notify(NetAddress server, NetAddress client, uint state, Action<bool>? done = null)
    {
        var names = namesOf(server);
        lock (gate)
        {
            var notice = new Notice(server, client, state, names, done);
            if (notices.Remove((server, client), out var earlier))
                earlier.Ended = true;
            notices.Add((server, client), notice);
            due.Enqueue(notice, time.GetTimestamp());
        }
        Pump();
    }

    /// <summary>
    /// Tells nobody until <see cref="Resume"/>: a client reclaims as soon as it is told, and one that finds no server then tries again seconds later.
    /// </summary>
    public void Pause()
    {
        lock (gate)
            paused = true;
    }

    /// <summary>What waits since <see cref="Pause"/> goes out.</summary>
    public void Resume()
    {
        lock (gate)
            paused = false;
        Pump();
    }

    /// <summary>Stops telling anybody about an address, which has left this host.</summary>
    public void Cancel(NetAddress server)
    {
        lock (gate)
        {
            foreach (var notice in notices.Values.Where(n => n.Server == server).ToList())
                End(notice);
        }
    }

    /// <summary>An address has come to this host: what waits for it goes out.</summary>
    public void AddressArrived(NetAddress address)
    {
        lock (gate)
        {
            foreach (var notice in notices.Values.Where(n => n.Parked && n.Server == address))
            {
                notice.Parked = false;
                due.Enqueue(notice, time.GetTimestamp());
            }
        }
        Pump();
    }

    public void Dispose() => timer.Dispose();

    private void Pump()
    {
        while (TakeDue() is { } notice)
            Send(notice);
    }

    /// <summary>The next notice whose time has come, counted as in flight; null when there is none, and the timer is set.</summary>
    private Notice? TakeDue()
    {
        lock (gate)
        {
            long now = time.GetTimestamp();
            while (!paused && due.TryPeek(out var notice, out long at))
            {
                if (notice.Ended)
                {
                    due.Dequeue();
                    continue;
                }
                if (at > now)
                {
                    timer.Change(time.GetElapsedTime(now, at), Timeout.InfiniteTimeSpan);
                    return null;
                }
                if (inFlight >= Parallel)
                    return null;
                due.Dequeue();
                if (!peers.IsLocal(notice.Server))
                {
                    notice.Parked = true;
                    continue;
                }
                notice.Started ??= now;
                inFlight++;
                return notice;
            }
            return null;
        }
    }

    private void Send(Notice notice)
    {
        var arguments = PeerArguments.Of((ref w) =>
        {
            w.Opaque(System.Text.Encoding.UTF8.GetBytes(notice.Names[notice.NextName]));
            w.I32((int)notice.State);
        });
        var call = new PeerCall(notice.Server, notice.Client, SM_PROG.Number, SM_PROG.SM_VERS.Number, SM_PROG.SM_VERS.SM_NOTIFY, Transport.Udp, arguments);
        peers.Start(call, (outcome, _) => Answered(notice, outcome));
    }

    private void Answered(Notice notice, PeerOutcome outcome)
    {
        bool over = false;
        lock (gate)
        {
            inFlight--;
            if (!notice.Ended)
                over = Advance(notice, outcome);
        }
        if (over)
            notice.Done?.Invoke(outcome == PeerOutcome.Answered);
        Pump();
    }

    /// <summary>Decides what comes next; true when nothing does.</summary>
    private bool Advance(Notice notice, PeerOutcome outcome)
    {
        long now = time.GetTimestamp();
        if (outcome == PeerOutcome.Answered)
        {
            notice.NextName++;
            if (notice.NextName < notice.Names.Count)
            {
                due.Enqueue(notice, now);
                return false;
            }
            End(notice);
            return true;
        }
        if (time.GetElapsedTime(notice.Started ?? now, now) + notice.Pause > Patience)
        {
            End(notice);
            return true;
        }
        due.Enqueue(notice, now + (long)(notice.Pause.TotalSeconds * time.TimestampFrequency));
        notice.Pause = notice.Pause * 2 < LongestPause ? notice.Pause * 2 : LongestPause;
        return false;
    }

    private void End(Notice notice)
    {
        notice.Ended = true;
        notices.Remove((notice.Server, notice.Client));
    }

    private sealed class Notice(NetAddress server, NetAddress client, uint state, IReadOnlyList<string> names, Action<bool>? done)
    {
        public NetAddress Server => server;

        public NetAddress Client => client;

        public uint State => state;

        public IReadOnlyList<string> Names => names;

        public Action<bool>? Done => done;

        public int NextName { get; set; }

        public long? Started { get; set; }

        public TimeSpan Pause { get; set; } = FirstPause;

        /// <summary>Waits for its address to arrive.</summary>
        public bool Parked { get; set; }

        public bool Ended { get; set; }
    }
}
