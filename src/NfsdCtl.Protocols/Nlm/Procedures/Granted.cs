using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nlm.Procedures;

/// <summary>GRANTED: what a server calls at a client. This program is no client, so nothing here waits for any lock.</summary>
internal sealed class Granted : ILockProcedure
{
    public static uint ResultProcedure => NLM_PROG.NLM4_VERS.NLMPROC4_GRANTED_RES;

    public static bool Read(uint version, ref XdrReader r, out LockArguments arguments) =>
        LockArguments.ReadTest(version, ref r, out arguments);

    public static NlmResult Decide(NlmService service, RpcCall call, scoped in LockArguments arguments) =>
        NlmResult.Of(nlm4_stats.NLM4_DENIED);

    public static void Write(scoped in NlmResult result, uint version, scoped ReadOnlySpan<byte> cookie, ref XdrWriter w) =>
        result.WriteStatus(version, cookie, ref w);
}
