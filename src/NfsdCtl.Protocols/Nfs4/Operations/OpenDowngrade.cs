using NfsdCtl.State.Nfs4;
using NfsdCtl.State.Shares;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.18: gives back a part of what is open.</summary>
internal static class OpenDowngrade
{
    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        var stateId = StateIds.Read(ref arguments);
        uint seqid = arguments.U32();
        uint access = arguments.U32();
        uint deny = arguments.U32();
        if (arguments.Failed)
            return nfsstat4.NFS4ERR_BADXDR;
        int body = reply.Position;
        if (!Seqids.Begin(compound, stateId, seqid, ref reply, out var answer))
            return answer;
        var status = nfsstat4.NFS4ERR_INVAL;
        if (OpenArguments.TryShare(compound.MinorVersion, access, deny, out var share, out var denied))
        {
            StateId result;
            using (var gate = compound.Enter())
                status = compound.Nfs4.Opens.Downgrade(gate, compound.StateCall(stateId), share, denied, out result).ToNfs();
            compound.RunEffects();
            if (status == nfsstat4.NFS4_OK)
            {
                reply.Put(result);
                compound.CurrentStateId = result;
            }
        }
        return Seqids.End(compound, status, body, ref reply);
    }
}
