using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nlm.Procedures;

/// <summary>
/// NM_LOCK: a lock of a client without a status monitor. It never waits and is not reclaimed (XNFS chapter 10), so no record
/// is written.
/// </summary>
internal sealed class NmLock : ILockProcedure
{
    public static uint ResultProcedure => NLM_PROG.NLM4_VERS.NLMPROC4_LOCK_RES;

    public static bool Read(uint version, ref XdrReader r, out LockArguments arguments) =>
        LockArguments.ReadLock(version, ref r, out arguments);

    public static NlmResult Decide(NlmService service, RpcCall call, scoped in LockArguments arguments)
    {
        var status = service.Prepare(call, arguments, takes: true, out var request);
        if (status != nlm4_stats.NLM4_GRANTED)
            return NlmResult.Of(status);
        request.Unmonitored = true;
        request.Block = false;
        return service.Lock(call, request);
    }

    public static void Write(scoped in NlmResult result, uint version, scoped ReadOnlySpan<byte> cookie, ref XdrWriter w) =>
        result.WriteStatus(version, cookie, ref w);
}
