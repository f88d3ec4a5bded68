using System.Net;
using System.Net.Sockets;
using NfsdCtl.Wire.PortMap;
using NfsdCtl.Wire.Rpc;

namespace NfsdCtl.Wire.Client;

/// <summary>
/// Calls other machines: GRANTED call-backs, SM_NOTIFY, registration with a port mapper. Each call leaves from the address
/// that it names, for a client knows its server by that address. What runs at a time is bounded in all and per peer, so that a
/// dead peer holds up nobody else. Asynchronous and off the hot path; never call it while acting for a user (the runtime may
/// start threads, which would inherit that identity).
/// </summary>
public sealed class RpcClient : IDisposable
{
    private readonly TimeProvider time;
    private readonly RpcClientOptions options;
    private readonly SemaphoreSlim slots;
    private readonly Dictionary<NetAddress, PeerTurn> peers = [];
    private readonly PortCache ports;
    private static uint lastXid = (uint)Random.Shared.Next();

    public RpcClient(TimeProvider time, RpcClientOptions? options = null)
    {
        this.time = time;
        this.options = options ?? new RpcClientOptions();
        slots = new SemaphoreSlim(this.options.MaxCalls);
        ports = new PortCache(time, this.options.PortLifetime);
    }

    /// <summary>
    /// Makes one call. Never throws for what the network or the peer does: that is in the reply.
    /// </summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was cancelled.</exception>
    public async Task<RpcReply> CallAsync(RpcRequest request, CancellationToken cancel = default)
    {
        using var limit = new CancellationTokenSource(request.Timeout, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        if (Enter(request.To) is not { } turn)
            return RpcReply.NoAnswer($"{request.To}: too many calls wait for this peer");
        try
        {
            await turn.Slots.WaitAsync(stop.Token).ConfigureAwait(false);
            try
            {
                await slots.WaitAsync(stop.Token).ConfigureAwait(false);
                try
                {
                    return await CallPeer(request, stop.Token).ConfigureAwait(false);
                }
                finally
                {
                    slots.Release();
                }
            }
            finally
            {
                turn.Slots.Release();
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            ports.Forget(request);
            return RpcReply.NoAnswer($"{request.To}: no answer in {request.Timeout.TotalSeconds} s");
        }
        catch (SocketException e)
        {
            ports.Forget(request);
            return RpcReply.NoAnswer($"{request.To}: {e.Message}");
        }
        finally
        {
            Leave(request.To, turn);
        }
    }

    /// <summary>No call may be on its way any more.</summary>
    public void Dispose() => slots.Dispose();

    /// <summary>Asks the port mapper of <paramref name="to"/> for a port: 0 when the program is not registered there.</summary>
    /// <returns>The port, or the reply that tells why there is none.</returns>
    internal async Task<(ushort Port, RpcReply? Problem)> FindPort(RpcRequest request, CancellationToken stop)
    {
        if (ports.TryGet(request, out ushort known))
            return (known, null);
        var question = PortQuestion.For(request);
        var reply = await Exchange(question, new IPEndPoint(request.To.ToIPAddress(), RpcbindConstants.PMAP_PORT), stop).ConfigureAwait(false);
        if (reply.Outcome != RpcOutcome.Answered)
            return (0, reply with { Problem = $"port mapper of {request.To}: {reply.Problem}" });
        ushort port = PortQuestion.Answer(request, reply.Result.Span);
        if (port == 0)
            return (0, RpcReply.Refused(AcceptStatus.ProgUnavail, $"{request.To} does not serve program {request.Program} over {request.Transport}"));
        ports.Remember(request, port);
        return (port, null);
    }

    private async Task<RpcReply> CallPeer(RpcRequest request, CancellationToken stop)
    {
        ushort port = request.Port;
        if (port == 0)
        {
            (port, var problem) = await FindPort(request, stop).ConfigureAwait(false);
            if (problem is not null)
                return problem;
        }
        var reply = await Exchange(request, new IPEndPoint(request.To.ToIPAddress(), port), stop).ConfigureAwait(false);
        if (reply.Outcome != RpcOutcome.Answered)
            ports.Forget(request);
        return reply;
    }

    /// <summary>Calls an end point that is known, IP or local (AF_UNIX).</summary>
    internal async Task<RpcReply> Exchange(RpcRequest request, EndPoint to, CancellationToken stop)
    {
        uint xid = Interlocked.Increment(ref lastXid);
        byte[] record = CallMessage.Encode(request, xid);
        using var socket = CallSocket.Open(request, to);
        await socket.ConnectAsync(to, stop).ConfigureAwait(false);
        return socket.SocketType == SocketType.Stream
            ? await CallSocket.ExchangeStream(socket, record, xid, options.MaxReply, stop).ConfigureAwait(false)
            : await CallSocket.ExchangeDatagrams(socket, record.AsMemory(CallMessage.MarkSize), xid, options, time, stop).ConfigureAwait(false);
    }

    private PeerTurn? Enter(NetAddress peer)
    {
        lock (peers)
        {
            if (!peers.TryGetValue(peer, out var turn))
                peers.Add(peer, turn = new PeerTurn(options.MaxCallsPerPeer));
            if (turn.Users >= options.MaxCallsPerPeer + options.MaxWaitingPerPeer)
                return null;
            turn.Users++;
            return turn;
        }
    }

    private void Leave(NetAddress peer, PeerTurn turn)
    {
        lock (peers)
        {
            if (--turn.Users == 0)
                peers.Remove(peer);
        }
    }

    private sealed class PeerTurn(int most)
    {
        public SemaphoreSlim Slots { get; } = new(most);

        public int Users { get; set; }
    }
}
