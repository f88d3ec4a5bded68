using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nsm.Procedures;

/// <summary>SM_STAT: can this monitor watch that host? It can watch any; the state number is its own.</summary>
internal static class Stat
{
    public static AcceptStatus Execute(NsmService service, RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!sm_name.Read(ref arguments, out _))
            return AcceptStatus.GarbageArgs;
        new sm_stat_res { res_stat = sm_res.STAT_SUCC, state = (int)service.StateNumber }.Write(ref reply);
        return AcceptStatus.Success;
    }
}
