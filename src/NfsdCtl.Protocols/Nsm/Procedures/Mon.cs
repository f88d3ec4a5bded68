using System.Text;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nsm.Procedures;

/// <summary>SM_MON: a program of this machine wants to be told when a host reboots.</summary>
internal static class Mon
{
    public static AcceptStatus Execute(NsmService service, RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!mon.Read(ref arguments, out var a))
            return AcceptStatus.GarbageArgs;
        bool watched = NsmService.IsLocalRoot(call) && service.TryWatch(
            new Watch(
                Encoding.UTF8.GetString(a.id.mon_name), Encoding.UTF8.GetString(a.id.requester.my_name),
                a.id.requester.my_prog, a.id.requester.my_vers, a.id.requester.my_proc)
            {
                Private = a.priv.ToArray(),
            });
        new sm_stat_res { res_stat = watched ? sm_res.STAT_SUCC : sm_res.STAT_FAIL, state = (int)service.StateNumber }.Write(ref reply);
        return AcceptStatus.Success;
    }
}
