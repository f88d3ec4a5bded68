using NfsdCtl.Configuration;
using NfsdCtl.Wire.PortMap;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Server;

namespace NfsdCtl.Hosting;

/// <summary>The endpoints of all programs on all served addresses. Can be closed and opened again while the state stays.</summary>
public sealed class Listeners(ServerParts parts)
{
    private readonly List<(RpcEndpoint Endpoint, RpcProgram Program)> open = [];
    private readonly Lock gate = new();

    /// <summary>The ports that were free when first asked for; a second opening takes the same, as clients know them.</summary>
    private readonly Dictionary<RpcProgram, ushort> chosen = [];

    /// <summary>Further endpoints of NFS (portlist); they come back with the others.</summary>
    private readonly List<(Transport Transport, ushort Port)> added = [];
    private bool serving;

    public bool IsOpen
    {
        get
        {
            lock (gate)
                return serving;
        }
    }

    public IReadOnlyList<RpcEndpoint> Of(RpcProgram program)
    {
        lock (gate)
            return [.. open.Where(o => o.Program == program).Select(o => o.Endpoint)];
    }

    /// <summary>What a port mapper should know.</summary>
    public IReadOnlyList<PortMapping> Mappings()
    {
        lock (gate)
        {
            return [.. open.SelectMany(o => ServedWith(o.Program, o.Endpoint.Transport).SelectMany(p => p.Versions), (o, version) =>
                    new PortMapping(o.Program.Number, version, o.Endpoint.Transport, o.Endpoint.IsV4, NetAddress.Any, o.Endpoint.Port))
                .Distinct()];
        }
    }

    /// <exception cref="RpcListenException">An address or a port cannot be had; then nothing is open.</exception>
    public void Open()
    {
        var settings = parts.Settings;
        lock (gate)
        {
            try
            {
                Open(parts.Nfs, settings.Port);
                Open(parts.Mount, settings.MountdPort);
                Open(parts.Nlm, settings.LockdPort);
                Open(parts.Nsm, settings.StatdPort);
                foreach (var (transport, port) in added.Where(a => !open.Exists(o => o.Program == parts.Nfs && (o.Endpoint.Transport, o.Endpoint.Port) == a)))
                    Open(parts.Nfs, port, transport);
                serving = true;
            }
            catch (RpcListenException)
            {
                CloseAll();
                throw;
            }
        }
    }

    /// <summary>A further endpoint of NFS, on all served addresses; while nothing is served it waits for that.</summary>
    /// <exception cref="RpcListenException">It cannot be had.</exception>
    public void Add(Transport transport, ushort port)
    {
        lock (gate)
        {
            if (serving)
                Open(parts.Nfs, port, transport);
            added.Add((transport, port));
        }
    }

    /// <summary>Stops serving: endpoints and connections are closed, the state stays.</summary>
    public void Close()
    {
        lock (gate)
        {
            CloseAll();
            parts.Rpc.BreakConnections();
        }
    }

    private void CloseAll()
    {
        foreach (var (endpoint, _) in open)
            parts.Rpc.Close(endpoint);
        open.Clear();
        serving = false;
    }

    private void Open(RpcProgram program, int setting)
    {
        ushort port = chosen.GetValueOrDefault(program, (ushort)setting);
        if (parts.Settings.Tcp)
            port = Open(program, port, Transport.Tcp);
        if (parts.Settings.Udp)
            port = Open(program, port, Transport.Udp);
        chosen[program] = port;
    }

    /// <summary>
    /// The programs behind one port: that of NFS has both versions, of which version 4 is for transports that control congestion
    /// (RFC 8881 §2.9.1).
    /// </summary>
    private RpcProgram[] ServedWith(RpcProgram program, Transport transport)
    {
        if (program != parts.Nfs)
            return [program];
        var versions = parts.Versions;
        bool serves4 = versions.MinorVersions != 0 && transport == Transport.Tcp;
        return versions.Version3 ? serves4 ? [parts.Nfs, parts.Nfs4] : [parts.Nfs] : serves4 ? [parts.Nfs4] : [];
    }

    /// <summary>Opens a port on every served address, or on none, and returns it; where any will do, all addresses get the same.</summary>
    private ushort Open(RpcProgram program, ushort port, Transport transport)
    {
        IReadOnlyList<NetAddress> addresses = parts.Settings.Host.Count == 0 ? [NetAddress.Any] : parts.Settings.Host;
        int before = open.Count;
        try
        {
            foreach (var address in addresses)
            {
                var opened = parts.Rpc.Listen(address, port, transport, ServedWith(program, transport));
                port = opened[0].Port;
                open.AddRange(opened.Select(e => (e, program)));
            }
        }
        catch (RpcListenException)
        {
            open[before..].ForEach(o => parts.Rpc.Close(o.Endpoint));
            open.RemoveRange(before, open.Count - before);
            throw;
        }
        return port;
    }
}
