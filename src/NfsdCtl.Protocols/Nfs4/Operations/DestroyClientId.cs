using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.50: ends a client record that has neither sessions nor state.</summary>
internal static class DestroyClientId
{
    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        ulong clientId = arguments.U64();
        if (arguments.Failed)
            return nfsstat4.NFS4ERR_BADXDR;
        nfsstat4 status;
        using (var gate = compound.Enter())
            status = compound.Nfs4.Clients.DestroyClientId(gate, compound.Rpc.LocalAddress, clientId).ToNfs();
        compound.RunEffects();
        return status;
    }
}
