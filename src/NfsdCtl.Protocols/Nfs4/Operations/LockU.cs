using NfsdCtl.State.Locks;
using NfsdCtl.State.Nfs4;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.12: gives back whatever is locked of a range; nothing is fine too.</summary>
internal static class LockU
{
    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!LOCKU4args.Read(ref arguments, out var args))
            return nfsstat4.NFS4ERR_BADXDR;
        var stateId = StateIds.Of(args.lock_stateid);
        int body = reply.Position;
        if (!Seqids.Begin(compound, stateId, args.seqid, ref reply, out var answer))
            return answer;
        var status = Ranges.TryFrom(args.offset, args.length, out var range)
            ? Unlock(compound, stateId, range, ref reply)
            : nfsstat4.NFS4ERR_INVAL;
        return Seqids.End(compound, status, body, ref reply);
    }

    private static nfsstat4 Unlock(Compound compound, in StateId stateId, LockRange range, ref XdrWriter reply)
    {
        nfsstat4 status;
        StateId result;
        using (var gate = compound.Enter())
            status = compound.Nfs4.Locks.Unlock(gate, compound.StateCall(stateId), range, out result).ToNfs();
        compound.Service.Effects.Run(compound.Effects, compound.Rpc);
        if (status != nfsstat4.NFS4_OK)
            return status;
        reply.Put(result);
        compound.CurrentStateId = result;
        return status;
    }
}
