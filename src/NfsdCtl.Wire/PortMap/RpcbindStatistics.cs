using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Wire.PortMap;

/// <summary>How often each procedure was called, for RPCBPROC_GETSTAT (RFC 1833 §2.2.1).</summary>
internal sealed class RpcbindStatistics
{
    private const uint FirstVersion = 2;
    private readonly int[,] counts = new int[RpcbindConstants.RPCBVERS_STAT, RpcbindConstants.RPCBSTAT_HIGHPROC];

    public void Count(uint version, uint procedure)
    {
        if (procedure < RpcbindConstants.RPCBSTAT_HIGHPROC)
            Interlocked.Increment(ref counts[version - FirstVersion, procedure]);
    }

    public AcceptStatus Write(RpcCall call, ref XdrWriter reply)
    {
        call.EnsureRoom(ref reply, RpcbindConstants.RPCBVERS_STAT * (RpcbindConstants.RPCBSTAT_HIGHPROC + 4) * sizeof(uint));
        for (int version = 0; version < RpcbindConstants.RPCBVERS_STAT; version++)
        {
            for (int procedure = 0; procedure < RpcbindConstants.RPCBSTAT_HIGHPROC; procedure++)
                reply.I32(Volatile.Read(ref counts[version, procedure]));
            reply.I32(Volatile.Read(ref counts[version, RPCBPROG.RPCBVERS4.RPCBPROC_SET]));
            reply.I32(Volatile.Read(ref counts[version, RPCBPROG.RPCBVERS4.RPCBPROC_UNSET]));
            // no lists of addresses looked up and of remote calls: the first is not kept, the second are refused
            reply.Bool(false);
            reply.Bool(false);
        }
        return AcceptStatus.Success;
    }
}
