using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 7862 §15.8: the client does not want the rest of an asynchronous copy.</summary>
internal static class OffloadCancel
{
    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        var stateId = StateIds.Read(ref arguments);
        if (arguments.Failed)
            return nfsstat4.NFS4ERR_BADXDR;
        nfsstat4 status;
        using (var gate = compound.Enter())
            status = compound.Nfs4.Offloads.Cancel(gate, compound.Client!, stateId, compound.File.Key).ToNfs();
        compound.RunEffects();
        return status;
    }
}
