using NfsdCtl.State.Locks;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nlm.Procedures;

/// <summary>UNSHARE: gives a SHARE back; when there is none, that is fine too.</summary>
internal static class Unshare
{
    public static AcceptStatus Execute(NlmService service, RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!ShareArguments.Read(ref arguments, out var a))
            return AcceptStatus.GarbageArgs;
        Decide(service, call, a).WriteShare(call.Version, a.cookie, ref reply);
        return AcceptStatus.Success;
    }

    private static NlmResult Decide(NlmService service, RpcCall call, scoped in ShareArguments a)
    {
        var status = Share.Prepare(service, call, a, takes: false, out var request);
        if (status is not nlm4_stats.NLM4_GRANTED and not nlm4_stats.NLM4_ROFS)
            return NlmResult.Of(status);
        var effects = NlmScratch.Current.Effects;
        LockOutcome outcome;
        using (var gate = service.State.Enter(effects))
            outcome = service.State.Shares.Unshare(gate, request);
        service.Effects.Run(effects);
        return NlmResult.Of(NlmStatus.Of(outcome));
    }
}
