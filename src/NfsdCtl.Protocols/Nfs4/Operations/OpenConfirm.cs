using NfsdCtl.State.Nfs4;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 7530 §16.18: the open owner's first OPEN was no late copy of an old one.</summary>
internal static class OpenConfirm
{
    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        var stateId = StateIds.Read(ref arguments);
        uint seqid = arguments.U32();
        if (arguments.Failed)
            return nfsstat4.NFS4ERR_BADXDR;
        int body = reply.Position;
        if (!Seqids.Begin(compound, stateId, seqid, ref reply, out var answer))
            return answer;
        nfsstat4 status;
        StateId result;
        using (var gate = compound.Enter())
            status = compound.Nfs4.Opens.Confirm(gate, compound.StateCall(stateId), out result).ToNfs();
        compound.RunEffects();
        if (status == nfsstat4.NFS4_OK)
            reply.Put(result);
        return Seqids.End(compound, status, body, ref reply);
    }
}
