using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 7530 §16.34: the client has its id; what it replaces is gone now.</summary>
internal static class SetClientIdConfirm
{
    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        ulong clientId = arguments.U64();
        ulong verifier = arguments.U64();
        if (arguments.Failed)
            return nfsstat4.NFS4ERR_BADXDR;
        nfsstat4 status;
        using (var gate = compound.Enter())
            status = compound.Nfs4.Clients.SetClientIdConfirm(gate, compound.Rpc.LocalAddress, compound.Principal, clientId, verifier).ToNfs();
        compound.RunEffects();
        return status;
    }
}
