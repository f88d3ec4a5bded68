using NfsdCtl.Network;
using NfsdCtl.Protocols.Peers;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Client;

namespace NfsdCtl.Hosting;

/// <summary>Call-backs to clients' lock managers and monitors, over the RPC client.</summary>
public sealed class PeerCalls(RpcClient client, LocalAddresses addresses, CancellationToken stopping) : IPeerCalls
{
    /// <summary>A lock manager that is up answers within this; otherwise the caller tries again by its own timing.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    public void Start(PeerCall call, PeerAnswer? answer)
    {
        // The runtime may make threads for what follows, which inherit the identity of this one.
        ThreadIdentity.BecomeRoot();
        _ = Run(call, answer);
    }

    public bool IsLocal(NetAddress address) => addresses.Contains(address);

    private async Task Run(PeerCall call, PeerAnswer? answer)
    {
        var reply = await client.CallAsync(
            new RpcRequest
            {
                From = call.From,
                To = call.To,
                Port = call.Port,
                Program = call.Program,
                Version = call.Version,
                Procedure = call.Procedure,
                Transport = call.Transport,
                Arguments = call.Arguments,
                Privileged = true,
                Timeout = Timeout,
            },
            stopping).ConfigureAwait(false);
        answer?.Invoke(OutcomeOf(reply.Outcome), reply.Result.Span);
    }

    private static PeerOutcome OutcomeOf(RpcOutcome outcome) => outcome switch
    {
        RpcOutcome.Answered => PeerOutcome.Answered,
        RpcOutcome.Refused => PeerOutcome.Refused,
        _ => PeerOutcome.NoAnswer,
    };
}
