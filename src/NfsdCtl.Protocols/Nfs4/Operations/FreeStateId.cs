using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.38: the client has seen that this state was revoked, or has no more use for it.</summary>
internal static class FreeStateId
{
    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        var stateId = StateIds.Read(ref arguments);
        if (arguments.Failed)
            return nfsstat4.NFS4ERR_BADXDR;
        nfsstat4 status;
        using (var gate = compound.Enter())
            status = compound.Nfs4.States.Free(gate, compound.Client!, compound.Resolve(stateId)).ToNfs();
        compound.RunEffects();
        return status;
    }
}
