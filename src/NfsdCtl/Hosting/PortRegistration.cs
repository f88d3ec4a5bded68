using Microsoft.Extensions.Logging;
using NfsdCtl.Configuration;
using NfsdCtl.Wire.PortMap;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Server;

namespace NfsdCtl.Hosting;

/// <summary>Makes the programs known to clients: registers with a running rpcbind, or answers port 111 itself.</summary>
public sealed class PortRegistration(ServerParts parts, PortMapClient client, ILogger<PortRegistration> log)
{
    private readonly PortRegistry registry = new();
    private List<RpcEndpoint> endpoints = [];
    private List<PortMapping> registered = [];

    /// <exception cref="StartupException">The mode asks for what cannot be had.</exception>
    public async Task StartAsync(IReadOnlyList<PortMapping> mappings, CancellationToken cancel)
    {
        var mode = parts.Settings.Rpcbind;
        if (mode == RpcbindMode.Off)
            return;
        string? problem = mode == RpcbindMode.Builtin ? "it is not to be asked" : await TryRegister(mappings, cancel).ConfigureAwait(false);
        if (problem is null)
            return;
        if (mode == RpcbindMode.System)
            throw new StartupException($"cannot register with rpcbind: {problem}. Start it (systemctl start rpcbind), or use --rpcbind builtin or off");
        AnswerItself(mappings);
    }

    public async Task StopAsync(CancellationToken cancel)
    {
        foreach (var endpoint in endpoints)
            parts.Rpc.Close(endpoint);
        endpoints = [];
        foreach (var mapping in registered)
            await client.UnsetAsync(mapping, cancel).ConfigureAwait(false);
        registered = [];
    }

    /// <summary>Null when every program is registered; else why not, and then none is.</summary>
    private async Task<string?> TryRegister(IReadOnlyList<PortMapping> mappings, CancellationToken cancel)
    {
        if (!await client.IsRunningAsync(cancel).ConfigureAwait(false))
            return "none answers on the loopback address";
        foreach (var mapping in mappings)
        {
            if (await client.SetAsync(mapping, cancel).ConfigureAwait(false) is { } problem)
            {
                log.LogWarning("not registered with rpcbind: {Problem}", problem);
                await StopAsync(cancel).ConfigureAwait(false);
                return problem;
            }
            registered.Add(mapping);
        }
        return null;
    }

    private void AnswerItself(IReadOnlyList<PortMapping> mappings)
    {
        var mapper = new PortMapper(registry, parts.Time);
        IReadOnlyList<NetAddress> addresses = parts.Settings.Host.Count == 0 ? [NetAddress.Any] : parts.Settings.Host;
        foreach (var address in addresses)
        {
            endpoints.AddRange(parts.Rpc.Listen(address, RpcbindConstants.PMAP_PORT, Transport.Tcp, mapper));
            endpoints.AddRange(parts.Rpc.Listen(address, RpcbindConstants.PMAP_PORT, Transport.Udp, mapper));
        }
        // Itself too: rpcinfo asks a port mapper where the port mapper is before it asks anything else.
        var own = endpoints.SelectMany(e => mapper.Versions, (e, version) => new PortMapping(mapper.Number, version, e.Transport, e.IsV4, NetAddress.Any, e.Port));
        foreach (var mapping in own.Concat(mappings).Distinct())
            registry.Set(mapping);
        log.LogInformation("no rpcbind runs here: answering port 111");
    }
}
