using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 7530 §16.29: renews the lease.</summary>
internal static class Renew
{
    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        ulong clientId = arguments.U64();
        if (arguments.Failed)
            return nfsstat4.NFS4ERR_BADXDR;
        nfsstat4 status;
        using (var gate = compound.Enter())
            status = compound.Nfs4.Clients.Renew(gate, compound.Rpc.LocalAddress, clientId).ToNfs();
        compound.RunEffects();
        return status;
    }
}
