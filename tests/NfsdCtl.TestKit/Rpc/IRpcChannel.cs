using NfsdCtl.Wire.Rpc;

namespace NfsdCtl.TestKit.Rpc;

/// <summary>The answer to a call: how it was accepted, and the bytes of the result.</summary>
public readonly record struct RpcAnswer(AcceptStatus Status, byte[] Result);

/// <summary>Where a test client's calls go: straight to programs, or over a socket.</summary>
public interface IRpcChannel
{
    /// <summary>The user of the next calls; null for AUTH_NONE.</summary>
    TestUser? User { get; set; }

    /// <summary>The xid of the next call; each call takes one and adds 1.</summary>
    uint Xid { get; set; }

    RpcAnswer Call(uint program, uint version, uint procedure, ReadOnlySpan<byte> arguments);
}
