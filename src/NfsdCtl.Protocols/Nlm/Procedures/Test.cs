using NfsdCtl.State.Locks;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nlm.Procedures;

/// <summary>TEST: could this lock be had, and if not, who holds what is in the way? Local programs' locks count.</summary>
internal sealed class Test : ILockProcedure
{
    public static uint ResultProcedure => NLM_PROG.NLM4_VERS.NLMPROC4_TEST_RES;

    public static bool Read(uint version, ref XdrReader r, out LockArguments arguments) =>
        LockArguments.ReadTest(version, ref r, out arguments);

    public static NlmResult Decide(NlmService service, RpcCall call, scoped in LockArguments arguments)
    {
        var status = service.Prepare(call, arguments, takes: true, out var request);
        if (status is not nlm4_stats.NLM4_GRANTED and not nlm4_stats.NLM4_ROFS)
            return NlmResult.Of(status);
        var scratch = NlmScratch.Current;
        var holder = request.Holder = scratch.Holder;
        LockOutcome outcome;
        using (var gate = service.State.Enter(scratch.Effects))
            outcome = service.State.Locks.Test(gate, request);
        service.Effects.Run(scratch.Effects);
        if (outcome == LockOutcome.Denied)
            return Held(holder.Kind, holder.Range, (int)(uint)holder.OwnerId, holder);
        if (outcome == LockOutcome.Granted && request.LocalLocks
            && service.LocalLocks.Test(request.File, request.Range, request.Kind) is { } local)
            return Held(local.Kind, local.Range, local.Process, null);
        return NlmResult.Of(NlmStatus.Of(outcome));
    }

    public static void Write(scoped in NlmResult result, uint version, scoped ReadOnlySpan<byte> cookie, ref XdrWriter w) =>
        result.WriteTest(version, cookie, ref w);

    private static NlmResult Held(LockKind kind, LockRange range, int svid, LockHolder? holder) => new()
    {
        stat = nlm4_stats.NLM4_DENIED,
        exclusive = kind == LockKind.Write,
        range = range,
        svid = svid,
        holder = holder,
    };
}
