using System.Globalization;
using NfsdCtl.Control;
using NfsdCtl.Linux;
using NfsdCtl.State;
using NfsdCtl.State.Nfs4;
using NfsdCtl.State.Release;

namespace NfsdCtl.Hosting;

/// <summary>NFSv4 clients: who they are, what they hold, and their end.</summary>
public sealed partial class ServerControl
{
    public IReadOnlyList<long> Clients()
    {
        var found = new List<uint>();
        Copy((in gate) =>
        {
            parts.State.Nfs4.Reports.CopyNumbers(gate, found);
            return false;
        });
        found.Sort();
        return [.. found.Select(n => (long)n)];
    }

    public string? ClientInfo(long id)
    {
        Nfs4ClientInfo? found = null;
        Copy((in gate) =>
        {
            found = parts.State.Nfs4.Reports.Describe(gate, (uint)id);
            return false;
        });
        return found is null ? null : ClientText.Info(found);
    }

    public string? ClientStates(long id)
    {
        if (!Clients().Contains(id))
            return null;
        int looked = 0;
        return ClientText.States(StatesOf(id), file =>
            looked++ < MostPaths && parts.Files.Locate(file) is { } place ? (place.Major, place.Minor, place.Inode, parts.Files.PathOf(file)) : null);
    }

    public Outcome<ReleaseReport> ExpireClient(long id, Order order)
    {
        long begin = parts.Time.GetTimestamp();
        string target = id.ToString(CultureInfo.InvariantCulture);
        if (!Clients().Contains(id))
            return Gone(target);
        if (order.DryRun)
            return HeldBy(id) is { } held ? ReportOf(target, held, begin) : Gone(target);
        var effects = new EffectList();
        bool found;
        ReleaseCounts counts;
        using (var gate = parts.State.Enter(effects))
            found = parts.State.Nfs4.Clients.Expire(gate, (uint)id, out counts);
        parts.Effects.RunAll(effects);
        // The client itself goes, whether it held anything or not.
        return found ? ReportOf(target, counts with { Clients = 1 }, begin) : Gone(target);
    }

    private static ControlError Gone(string id) => new(Errno.ENXIO, $"there is no NFSv4 client {id}");

    /// <summary>What a client would lose; null when it is gone. Its locks are counted by their stateids, one for each owner and file.</summary>
    private ReleaseCounts? HeldBy(long id)
    {
        var states = StatesOf(id);
        Nfs4ClientInfo? client = null;
        Copy((in gate) =>
        {
            client = parts.State.Nfs4.Reports.Describe(gate, (uint)id);
            return false;
        });
        int locks = states.Count(s => s is { Kind: StateKind.Lock, File: not null });
        return client is null ? null : new ReleaseCounts(locks, 0, 0, Clients: 1, Opens: client.Opens, Sessions: client.Sessions);
    }

    private List<Nfs4StateInfo> StatesOf(long id)
    {
        var found = new List<Nfs4StateInfo>();
        int cursor = 0;
        Copy((in gate) => parts.State.Nfs4.Reports.CopyStates(gate, (uint)id, ref cursor, found));
        return found;
    }
}
