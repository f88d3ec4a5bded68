using NfsdCtl.State.Locks;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nlm.Procedures;

/// <summary>UNLOCK: gives back whatever the owner holds of the range; nothing is fine too.</summary>
internal sealed class Unlock : ILockProcedure
{
    public static uint ResultProcedure => NLM_PROG.NLM4_VERS.NLMPROC4_UNLOCK_RES;

    public static bool Read(uint version, ref XdrReader r, out LockArguments arguments) =>
        LockArguments.ReadUnlock(version, ref r, out arguments);

    public static NlmResult Decide(NlmService service, RpcCall call, scoped in LockArguments arguments)
    {
        var status = service.Prepare(call, arguments, takes: false, out var request);
        if (status != nlm4_stats.NLM4_GRANTED)
            return NlmResult.Of(status);
        var effects = NlmScratch.Current.Effects;
        LockOutcome outcome;
        using (var gate = service.State.Enter(effects))
            outcome = service.State.Locks.Unlock(gate, request);
        service.Effects.Run(effects, call);
        return NlmResult.Of(NlmStatus.Of(outcome));
    }

    public static void Write(scoped in NlmResult result, uint version, scoped ReadOnlySpan<byte> cookie, ref XdrWriter w) =>
        result.WriteStatus(version, cookie, ref w);
}
