using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.27: takes back the filehandle and the stateid that were saved.</summary>
internal static class RestoreFh
{
    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!compound.Saved.IsSet)
            // Minor version 0 has a status of its own for it (RFC 7530 §16.27.5), which later ones gave up.
            return compound.MinorVersion == 0 ? nfsstat4.NFS4ERR_RESTOREFH : nfsstat4.NFS4ERR_NOFILEHANDLE;
        compound.SetCurrent(compound.Saved.Share());
        compound.CurrentStateId = compound.SavedStateId;
        return nfsstat4.NFS4_OK;
    }
}
