using NfsdCtl.State.Nfs4;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.2: ends an open, and the locks under it.</summary>
internal static class Close
{
    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        uint seqid = arguments.U32();
        var stateId = StateIds.Read(ref arguments);
        if (arguments.Failed)
            return nfsstat4.NFS4ERR_BADXDR;
        int body = reply.Position;
        if (!Seqids.Begin(compound, stateId, seqid, ref reply, out var answer))
            return answer;
        nfsstat4 status;
        StateId result;
        using (var gate = compound.Enter())
            status = compound.Nfs4.Opens.Close(gate, compound.StateCall(stateId), out result).ToNfs();
        compound.RunEffects();
        if (status == nfsstat4.NFS4_OK)
        {
            reply.Put(result);
            compound.CurrentStateId = result;
        }
        return Seqids.End(compound, status, body, ref reply);
    }
}
