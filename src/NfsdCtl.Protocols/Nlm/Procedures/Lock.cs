using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nlm.Procedures;

/// <summary>LOCK: a monitored lock; the client's record is on disk before it is answered.</summary>
internal sealed class Lock : ILockProcedure
{
    public static uint ResultProcedure => NLM_PROG.NLM4_VERS.NLMPROC4_LOCK_RES;

    public static bool Read(uint version, ref XdrReader r, out LockArguments arguments) =>
        LockArguments.ReadLock(version, ref r, out arguments);

    public static NlmResult Decide(NlmService service, RpcCall call, scoped in LockArguments arguments)
    {
        var status = service.Prepare(call, arguments, takes: true, out var request);
        request.NsmState = (uint)arguments.state;
        return status == nlm4_stats.NLM4_GRANTED ? service.Lock(call, request) : NlmResult.Of(status);
    }

    public static void Write(scoped in NlmResult result, uint version, scoped ReadOnlySpan<byte> cookie, ref XdrWriter w) =>
        result.WriteStatus(version, cookie, ref w);
}
