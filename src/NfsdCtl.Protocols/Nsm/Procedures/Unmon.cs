using System.Text;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nsm.Procedures;

/// <summary>SM_UNMON: a program of this machine does not care for a host any more.</summary>
internal static class Unmon
{
    public static AcceptStatus Execute(NsmService service, RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!mon_id.Read(ref arguments, out var a))
            return AcceptStatus.GarbageArgs;
        if (NsmService.IsLocalRoot(call))
            service.Unwatch(
                Encoding.UTF8.GetString(a.mon_name), Encoding.UTF8.GetString(a.requester.my_name),
                a.requester.my_prog, a.requester.my_vers, a.requester.my_proc);
        new sm_stat { state = (int)service.StateNumber }.Write(ref reply);
        return AcceptStatus.Success;
    }
}
