using NfsdCtl.Vfs;
using NfsdCtl.Wire.Client;
using NfsdCtl.Wire.Rpc;

namespace NfsdCtl.Protocols.Peers;

/// <summary>Calls over the network: from a privileged port, which some lock managers insist on, as root of this machine.</summary>
/// <param name="isLocal">Whether an address is on this host now.</param>
public sealed class RpcPeerCalls(RpcClient client, Func<NetAddress, bool> isLocal) : IPeerCalls
{
    /// <summary>For the port mapper's answer and the call's together; the state machines decide about repetition.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly RpcIdentity identity = new(0, 0, Environment.MachineName);

    public void Start(PeerCall call, PeerAnswer? answer)
    {
        // The runtime may make threads for what follows, which inherit the identity of this one.
        ThreadIdentity.BecomeRoot();
        _ = Run(call, answer);
    }

    public bool IsLocal(NetAddress address) => isLocal(address);

    private async Task Run(PeerCall call, PeerAnswer? answer)
    {
        var reply = await client.CallAsync(new RpcRequest
        {
            From = call.From,
            To = call.To,
            Program = call.Program,
            Version = call.Version,
            Procedure = call.Procedure,
            Transport = call.Transport == Transport.Tcp ? Transport.Tcp : Transport.Udp,
            Arguments = call.Arguments,
            Privileged = true,
            Identity = identity,
            Timeout = Patience,
        }).ConfigureAwait(false);
        answer?.Invoke(Translate(reply.Outcome), reply.Result.Span);
    }

    private static PeerOutcome Translate(RpcOutcome outcome) => outcome switch
    {
        RpcOutcome.Answered => PeerOutcome.Answered,
        RpcOutcome.Refused => PeerOutcome.Refused,
        _ => PeerOutcome.NoAnswer,
    };
}
