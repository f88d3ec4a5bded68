using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nlm.Procedures;

/// <summary>GRANTED_RES: a client's answer to our GRANTED_MSG, found by the cookie that we sent. Strangers' answers count for nothing.</summary>
internal static class GrantedRes
{
    public static AcceptStatus Execute(NlmService service, RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!nlm4_res.Read(ref arguments, out var result))
            return AcceptStatus.GarbageArgs;
        service.Effects.Grants.Answered(result.cookie, call.PeerAddress, result.stat.stat);
        return AcceptStatus.Success;
    }
}
