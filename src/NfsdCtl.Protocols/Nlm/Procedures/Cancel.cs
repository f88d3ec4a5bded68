using NfsdCtl.State.Locks;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nlm.Procedures;

/// <summary>CANCEL: takes back a blocked LOCK. One that is not there (any more) is as good as cancelled.</summary>
internal sealed class Cancel : ILockProcedure
{
    public static uint ResultProcedure => NLM_PROG.NLM4_VERS.NLMPROC4_CANCEL_RES;

    public static bool Read(uint version, ref XdrReader r, out LockArguments arguments) =>
        LockArguments.ReadCancel(version, ref r, out arguments);

    public static NlmResult Decide(NlmService service, RpcCall call, scoped in LockArguments arguments)
    {
        var status = service.Prepare(call, arguments, takes: false, out var request);
        if (status is not nlm4_stats.NLM4_GRANTED and not nlm4_stats.NLM4_ROFS)
            return NlmResult.Of(status);
        var effects = NlmScratch.Current.Effects;
        LockOutcome outcome;
        using (var gate = service.State.Enter(effects))
            outcome = service.State.Locks.Cancel(gate, request);
        service.Effects.Run(effects);
        return NlmResult.Of(NlmStatus.Of(outcome));
    }

    public static void Write(scoped in NlmResult result, uint version, scoped ReadOnlySpan<byte> cookie, ref XdrWriter w) =>
        result.WriteStatus(version, cookie, ref w);
}
