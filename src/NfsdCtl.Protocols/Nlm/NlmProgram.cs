using NfsdCtl.Protocols.Nlm.Procedures;
using NfsdCtl.Protocols.Peers;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nlm;

/// <summary>Answers one procedure.</summary>
internal delegate AcceptStatus NlmHandler(NlmService service, RpcCall call, ref XdrReader arguments, ref XdrWriter reply);

/// <summary>
/// The network lock manager: versions 1 and 3 (XNFS chapter 10) and 4 (RFC 1813 §6). Procedures 16 to 19 are not in the
/// protocol (16 is what lockd and its own statd use between them; the status monitor here is in the same process).
/// </summary>
public sealed class NlmProgram : RpcProgram
{
    private static readonly NlmHandler?[] Handlers =
    [
        Null, Reply<Test>, Reply<Procedures.Lock>, Reply<Cancel>, Reply<Unlock>, Reply<Granted>,
        Message<Test>, Message<Procedures.Lock>, Message<Cancel>, Message<Unlock>, Message<Granted>,
        OtherRes.Test, OtherRes.Plain, OtherRes.Plain, OtherRes.Plain, GrantedRes.Execute,
        null, null, null, null,
        Share.Execute, Unshare.Execute, Reply<NmLock>, FreeAll.Execute,
    ];

    private readonly NlmService service;

    public NlmProgram(NlmService service)
        : base("nlockmgr", NLM_PROG.Number, NLM_PROG.NLM_VERS.Number, NLM_PROG.NLM_VERSX.Number, NLM_PROG.NLM4_VERS.Number) =>
        this.service = service;

    public override AcceptStatus Execute(RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
    {
        // Version 1 ends at GRANTED_RES.
        uint last = call.Version == NLM_PROG.NLM_VERS.Number ? NLM_PROG.NLM_VERS.NLM_GRANTED_RES : NLM_PROG.NLM4_VERS.NLMPROC4_FREE_ALL;
        if (call.Procedure > last || Handlers[call.Procedure] is not { } handler)
            return AcceptStatus.ProcUnavail;
        service.NoteServed(call.LocalAddress);
        return handler(service, call, ref arguments, ref reply);
    }

    private static AcceptStatus Null(NlmService service, RpcCall call, ref XdrReader arguments, ref XdrWriter reply) =>
        AcceptStatus.Success;

    /// <summary>The result is the reply.</summary>
    private static AcceptStatus Reply<T>(NlmService service, RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
        where T : ILockProcedure
    {
        if (!T.Read(call.Version, ref arguments, out var a))
            return AcceptStatus.GarbageArgs;
        var result = T.Decide(service, call, a);
        if (result.dropped)
            return AcceptStatus.Drop;
        T.Write(result, call.Version, a.cookie, ref reply);
        return AcceptStatus.Success;
    }

    /// <summary>The reply is void and the result a call of our own to the client, from the address that it used.</summary>
    private static AcceptStatus Message<T>(NlmService service, RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
        where T : ILockProcedure
    {
        if (!T.Read(call.Version, ref arguments, out var a))
            return AcceptStatus.GarbageArgs;
        var result = T.Decide(service, call, a);
        if (result.dropped)
            return AcceptStatus.Success;
        var room = new XdrWriter(new byte[4096]);
        T.Write(result, call.Version, a.cookie, ref room);
        service.Peers.Start(
            new PeerCall(call.LocalAddress, call.PeerAddress, NLM_PROG.Number, call.Version, T.ResultProcedure, call.Transport, room.Written.ToArray()),
            answer: null);
        return AcceptStatus.Success;
    }
}
