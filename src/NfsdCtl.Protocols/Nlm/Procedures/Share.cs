using NfsdCtl.State.Locks;
using NfsdCtl.State.Shares;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nlm.Procedures;

/// <summary>SHARE: reserves a whole file against other SHAREs.</summary>
internal static class Share
{
    public static AcceptStatus Execute(NlmService service, RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!ShareArguments.Read(ref arguments, out var a))
            return AcceptStatus.GarbageArgs;
        Decide(service, call, a).WriteShare(call.Version, a.cookie, ref reply);
        return AcceptStatus.Success;
    }

    /// <summary>The request of SHARE and UNSHARE; any other status than GRANTED is the answer.</summary>
    internal static nlm4_stats Prepare(NlmService service, RpcCall call, scoped in ShareArguments a, bool takes, out ShareRequest request)
    {
        request = default;
        var status = service.Find(call, a.fh, takes, out var file, out var export);
        if (status != nlm4_stats.NLM4_GRANTED)
            return status;
        request.Caller = NlmService.CallerOf(call, a.caller_name);
        request.OwnerHandle = a.oh;
        request.File = file;
        request.ExportTag = export.Tag;
        request.Deny = (ShareDeny)a.mode;
        request.Access = (ShareAccess)a.access;
        request.Reclaim = a.reclaim;
        return export.Options.ReadOnly && (a.access & fsh_access.fsa_W) != 0 ? nlm4_stats.NLM4_ROFS : nlm4_stats.NLM4_GRANTED;
    }

    private static NlmResult Decide(NlmService service, RpcCall call, scoped in ShareArguments a)
    {
        var status = Prepare(service, call, a, takes: true, out var request);
        if (status != nlm4_stats.NLM4_GRANTED)
            return NlmResult.Of(status);
        var effects = NlmScratch.Current.Effects;
        LockOutcome outcome;
        using (var gate = service.State.Enter(effects))
            outcome = service.State.Shares.Share(gate, request);
        service.Effects.Run(effects);
        return NlmResult.Of(NlmStatus.Of(outcome));
    }
}
