using NfsdCtl.Protocols.Peers;

namespace NfsdCtl.Tests.Nlm;

/// <summary>Clients that answer when the test says so. Calls are kept in the order in which they were made.</summary>
internal sealed class FakePeers : IPeerCalls
{
    private readonly List<(PeerCall Call, PeerAnswer? Answer)> open = [];

    public List<PeerCall> Calls { get; } = [];

    public HashSet<NetAddress> Away { get; } = [];

    public int Open => open.Count;

    /// <summary>When set, calls end at once with this.</summary>
    public PeerOutcome? AtOnce { get; set; }

    public void Start(PeerCall call, PeerAnswer? answer)
    {
        Calls.Add(call);
        if (AtOnce is { } outcome)
            answer?.Invoke(outcome, default);
        else
            open.Add((call, answer));
    }

    public bool IsLocal(NetAddress address) => !Away.Contains(address);

    /// <summary>Ends the oldest open call.</summary>
    public PeerCall End(PeerOutcome outcome, byte[]? result = null)
    {
        var (call, answer) = open[0];
        open.RemoveAt(0);
        answer?.Invoke(outcome, result);
        return call;
    }
}
