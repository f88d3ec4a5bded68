using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nlm.Procedures;

/// <summary>
/// A procedure on byte ranges. It is decided once; whether its result leaves as the reply (TEST … UNLOCK) or as a call of its own
/// (TEST_MSG … UNLOCK_MSG) makes no difference to it.
/// </summary>
internal interface ILockProcedure
{
    /// <summary>The procedure that carries the result of the asynchronous form.</summary>
    static abstract uint ResultProcedure { get; }

    static abstract bool Read(uint version, ref XdrReader r, out LockArguments arguments);

    static abstract NlmResult Decide(NlmService service, RpcCall call, scoped in LockArguments arguments);

    static abstract void Write(scoped in NlmResult result, uint version, scoped ReadOnlySpan<byte> cookie, ref XdrWriter w);
}
