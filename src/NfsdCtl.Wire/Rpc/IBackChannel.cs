using NfsdCtl.Wire.Client;

namespace NfsdCtl.Wire.Rpc;

/// <summary>
/// A client's connection, used the other way round: the server calls, the client answers (RFC 8881 §2.10.3.1). Safe for use by many
/// threads, and for use after the connection has gone.
/// </summary>
public interface IBackChannel
{
    bool IsOpen { get; }

    /// <summary>The client's end of it. A client that connects again after an idle time does so from the same port, as Linux does.</summary>
    (NetAddress Address, ushort Port) Peer { get; }

    /// <summary>What the calls that came over it last were of, for whoever wants to know when that changes.</summary>
    object? User { get; set; }

    /// <summary>
    /// Sends a call; its address, port, transport and timeout have no meaning here. Nobody waits: the answer is told once, on a thread of the
    /// server's loops, which must not be held up; <see cref="RpcOutcome.NoAnswer"/> when the connection breaks before.
    /// </summary>
    /// <returns>The xid, for <see cref="Forget"/>; 0 when the connection is gone, and nothing is told.</returns>
    uint Call(RpcRequest request, Action<RpcReply> answer);

    /// <summary>The answer is not waited for any more, and is not told if it comes.</summary>
    void Forget(uint xid);

    /// <summary>Tells once when the connection goes; at once when it is gone already.</summary>
    void WhenClosed(Action told);
}
