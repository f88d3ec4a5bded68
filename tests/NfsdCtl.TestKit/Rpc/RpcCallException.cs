using NfsdCtl.Wire.Rpc;

namespace NfsdCtl.TestKit.Rpc;

/// <summary>A call that was not accepted, or got no answer.</summary>
public sealed class RpcCallException(AcceptStatus status) : Exception($"the call was answered {status}")
{
    public AcceptStatus Status { get; } = status;
}
