using NfsdCtl.Protocols.Peers;

namespace NfsdCtl.TestKit.Nlm;

/// <summary>Clients that answer when the test says so. Calls are kept in the order in which they were made.</summary>
public sealed class FakePeers : IPeerCalls
{
    private readonly object gate = new();
    private readonly List<(PeerCall Call, PeerAnswer? Answer)> open = [];
    private readonly List<PeerCall> calls = [];

    public IReadOnlyList<PeerCall> Calls
    {
        get
        {
            lock (gate)
                return [.. calls];
        }
    }

    /// <summary>Server addresses that are not on this host.</summary>
    public HashSet<NetAddress> Away { get; } = [];

    public int Open
    {
        get
        {
            lock (gate)
                return open.Count;
        }
    }

    /// <summary>When set, calls end at once with this.</summary>
    public PeerOutcome? AtOnce { get; set; }

    public void Start(PeerCall call, PeerAnswer? answer)
    {
        lock (gate)
        {
            calls.Add(call);
            if (AtOnce is null)
                open.Add((call, answer));
            Monitor.PulseAll(gate);
        }
        if (AtOnce is { } outcome)
            answer?.Invoke(outcome, default);
    }

    public bool IsLocal(NetAddress address) => !Away.Contains(address);

    /// <summary>Ends the oldest open call.</summary>
    public PeerCall End(PeerOutcome outcome, byte[]? result = null)
    {
        (PeerCall Call, PeerAnswer? Answer) oldest;
        lock (gate)
        {
            oldest = open[0];
            open.RemoveAt(0);
        }
        oldest.Answer?.Invoke(outcome, result);
        return oldest.Call;
    }

    /// <summary>Waits for real threads to make so many calls in all; false when the time is up.</summary>
    public bool Await(int count, TimeSpan patience)
    {
        var until = DateTime.UtcNow + patience;
        lock (gate)
        {
            while (calls.Count < count)
            {
                var left = until - DateTime.UtcNow;
                if (left <= TimeSpan.Zero || !Monitor.Wait(gate, left))
                    return calls.Count >= count;
            }
            return true;
        }
    }
}
