using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nlm.Procedures;

/// <summary>TEST_RES, LOCK_RES, CANCEL_RES and UNLOCK_RES: answers to calls that only a client makes. They are read and dropped.</summary>
internal static class OtherRes
{
    public static AcceptStatus Test(NlmService service, RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
    {
        bool read = call.Version == NLM_PROG.NLM4_VERS.Number
            ? nlm4_testres.Read(ref arguments, out _)
            : nlm_testres.Read(ref arguments, out _);
        return read ? AcceptStatus.Success : AcceptStatus.GarbageArgs;
    }

    public static AcceptStatus Plain(NlmService service, RpcCall call, ref XdrReader arguments, ref XdrWriter reply) =>
        nlm4_res.Read(ref arguments, out _) ? AcceptStatus.Success : AcceptStatus.GarbageArgs;
}
