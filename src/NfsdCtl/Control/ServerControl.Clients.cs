using NfsdCtl.Control;
using NfsdCtl.Linux;
using NfsdCtl.State;
using NfsdCtl.State.Nfs4;

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
        var found = new List<Nfs4StateInfo>();
        int cursor = 0;
        Copy((in gate) => parts.State.Nfs4.Reports.CopyStates(gate, (uint)id, ref cursor, found));
        int looked = 0;
        return ClientText.States(found, file =>
            looked++ < MostPaths && parts.Files.TryLocate(file, out var place) ? (place.Major, place.Minor, place.Inode, parts.Files.PathOf(file)) : null);
    }

    public Outcome<Done> ExpireClient(long id, Order order)
    {
        bool found = Clients().Contains(id);
        if (found && !order.DryRun)
        {
            var effects = new EffectList();
            using (var gate = parts.State.Enter(effects))
                found = parts.State.Nfs4.Clients.Expire(gate, (uint)id, out _);
            parts.Effects.RunAll(effects);
        }
        return found ? Done.Instance : new ControlError(Errno.ENXIO, $"there is no NFSv4 client {id}");
    }
}
