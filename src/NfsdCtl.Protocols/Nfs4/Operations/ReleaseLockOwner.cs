using NfsdCtl.State.Nfs4;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 7530 §16.37: the client will not use this lock owner again.</summary>
internal static class ReleaseLockOwner
{
    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!RELEASE_LOCKOWNER4args.Read(ref arguments, out var args))
            return nfsstat4.NFS4ERR_BADXDR;
        Nfs4Status status;
        using (var gate = compound.Enter())
        {
            status = compound.Nfs4.Clients.Find(gate, compound.Rpc.LocalAddress, args.lock_owner.clientid, out var client);
            if (status == Nfs4Status.Ok)
                status = compound.Nfs4.Locks.ReleaseOwner(gate, client!, args.lock_owner.owner);
        }
        compound.RunEffects();
        return status.ToNfs();
    }
}
