using System.Net;
using System.Net.Sockets;
using NfsdCtl.Wire.Client;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Wire.PortMap;

/// <summary>
/// Registers programs with the rpcbind of this machine. rpcbind lets local programs register through its local socket only. The
/// path of that socket is seen from every network namespace, though, so it counts only when the port mapper on this
/// namespace's loopback knows what was registered through it.
/// </summary>
public sealed class PortMapClient(RpcClient client)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private static readonly NetAddress Loopback = NetAddress.FromV4(0x7F00_0001);

    /// <summary>rpcbind's local sockets: the abstract one belongs to the network namespace, the other to the file tree.</summary>
    private static readonly string[] LocalSockets = ["\0/run/rpcbind.sock", "/run/rpcbind.sock"];

    /// <summary>Program numbers from here on belong to nobody for good (RFC 5531 §8.3, transient).</summary>
    private const uint FirstTransient = 0x4000_0000;

    private string? way;

    /// <summary>Whether a port mapper answers on loopback.</summary>
    public async Task<bool> IsRunningAsync(CancellationToken cancel = default)
    {
        var reply = await client.CallAsync(Question(RPCBPROG.PMAP_VERS.Number, RPCBPROG.PMAP_VERS.PMAPPROC_NULL, []), cancel).ConfigureAwait(false);
        return reply.Outcome == RpcOutcome.Answered;
    }

    /// <summary>Registers; what was registered for that program, version and network before is replaced.</summary>
    /// <returns>Null, or a line that says why it could not be done.</returns>
    public async Task<string?> SetAsync(PortMapping mapping, CancellationToken cancel = default)
    {
        await UnsetAsync(mapping, cancel).ConfigureAwait(false);
        return await Change(RPCBPROG.RPCBVERS4.RPCBPROC_SET, mapping, cancel).ConfigureAwait(false);
    }

    /// <summary>Removes a version of a program from the mapping's network. Null, or a line that says why it could not be done.</summary>
    public Task<string?> UnsetAsync(PortMapping mapping, CancellationToken cancel = default) =>
        Change(RPCBPROG.RPCBVERS4.RPCBPROC_UNSET, mapping, cancel);

    /// <summary>The IPv4 port that the port mapper on loopback tells; 0 when it knows none or does not answer.</summary>
    public async Task<ushort> GetPortAsync(uint program, uint version, Transport transport, CancellationToken cancel = default)
    {
        byte[] arguments = Encode((ref w) => new mapping { prog = program, vers = version, prot = (uint)transport }.Write(ref w));
        var reply = await client.CallAsync(Question(RPCBPROG.PMAP_VERS.Number, RPCBPROG.PMAP_VERS.PMAPPROC_GETPORT, arguments), cancel).ConfigureAwait(false);
        if (reply.Outcome != RpcOutcome.Answered)
            return 0;
        var r = new XdrReader(reply.Result.Span);
        return (ushort)r.U32();
    }

    private async Task<string?> Change(uint procedure, PortMapping mapping, CancellationToken cancel)
    {
        way ??= await FindWay(cancel).ConfigureAwait(false);
        var question = Question(RPCBPROG.RPCBVERS4.Number, procedure, Arguments(mapping));
        // a port mapper without a local socket takes it over loopback from a privileged port
        var reply = way.Length > 0
            ? await TryLocal(question, way, cancel).ConfigureAwait(false) ?? RpcReply.NoAnswer("its local socket does not answer")
            : await client.CallAsync(question with { Privileged = true }, cancel).ConfigureAwait(false);
        if (reply.Outcome != RpcOutcome.Answered)
            return $"rpcbind: {reply.Problem}";
        return Truth(reply) ? null : $"rpcbind refused program {mapping.Program} version {mapping.Version}";
    }

    /// <summary>
    /// The local socket of the port mapper that answers on loopback, or "" when it has none: a mapping that belongs to nobody is
    /// registered through a socket and looked for on loopback. Nothing else is touched in a port mapper that is not ours.
    /// </summary>
    private async Task<string> FindWay(CancellationToken cancel)
    {
        uint program = FirstTransient + (uint)Random.Shared.Next(1 << 24);
        var probe = new PortMapping(program, 1, Transport.Tcp, true, Loopback, (ushort)Random.Shared.Next(1, 1024));
        foreach (string path in LocalSockets)
        {
            var set = Question(RPCBPROG.RPCBVERS4.Number, RPCBPROG.RPCBVERS4.RPCBPROC_SET, Arguments(probe));
            if (await TryLocal(set, path, cancel).ConfigureAwait(false) is not { Outcome: RpcOutcome.Answered } reply || !Truth(reply))
                continue;
            bool ours = await GetPortAsync(program, 1, Transport.Tcp, cancel).ConfigureAwait(false) == probe.Port;
            _ = await TryLocal(set with { Procedure = RPCBPROG.RPCBVERS4.RPCBPROC_UNSET }, path, cancel).ConfigureAwait(false);
            if (ours)
                return path;
        }
        return "";
    }

    private static bool Truth(RpcReply reply)
    {
        var r = new XdrReader(reply.Result.Span);
        return r.Bool();
    }

    private static byte[] Arguments(PortMapping mapping) => Encode((ref w) => new rpcb
    {
        r_prog = mapping.Program,
        r_vers = mapping.Version,
        r_netid = NetId.Of(mapping.Transport, mapping.IsV4),
        r_addr = UniversalAddress.Format(mapping.Address, mapping.IsV4, mapping.Port),
        r_owner = "superuser"u8,
    }.Write(ref w));

    private async Task<RpcReply?> TryLocal(RpcRequest question, string path, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Patience);
        try
        {
            return await client.Exchange(question, new UnixDomainSocketEndPoint(path), limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException || e is OperationCanceledException && !cancel.IsCancellationRequested)
        {
            return null;
        }
    }

    private static RpcRequest Question(uint version, uint procedure, byte[] arguments) => new()
    {
        To = Loopback,
        From = Loopback,
        Port = RpcbindConstants.PMAP_PORT,
        Program = RPCBPROG.Number,
        Version = version,
        Procedure = procedure,
        Transport = Transport.Tcp,
        Timeout = Patience,
        Arguments = arguments,
    };

    private delegate void Encoder(ref XdrWriter w);

    private static byte[] Encode(Encoder encode)
    {
        var w = new XdrWriter(new byte[1024]);
        encode(ref w);
        return w.Written.ToArray();
    }
}
