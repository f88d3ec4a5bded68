using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nsm.Procedures;

/// <summary>
/// SM_NOTIFY: a client's host has rebooted, so what it held is gone: released through all server addresses. Anybody may
/// say it, of its own address only.
/// </summary>
internal static class Notify
{
    public static AcceptStatus Execute(NsmService service, RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!stat_chge.Read(ref arguments, out var change))
            return AcceptStatus.GarbageArgs;
        service.ClientRebooted(call.PeerAddress, change.mon_name, (uint)change.state);
        return AcceptStatus.Success;
    }
}
