using System.Text;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nsm.Procedures;

/// <summary>SM_UNMON_ALL: a program of this machine does not care for any host any more.</summary>
internal static class UnmonAll
{
    public static AcceptStatus Execute(NsmService service, RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!my_id.Read(ref arguments, out var a))
            return AcceptStatus.GarbageArgs;
        if (NsmService.IsLocalRoot(call))
            service.Unwatch(null, Encoding.UTF8.GetString(a.my_name), a.my_prog, a.my_vers, a.my_proc);
        new sm_stat { state = (int)service.StateNumber }.Write(ref reply);
        return AcceptStatus.Success;
    }
}
