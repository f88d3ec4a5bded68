using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.28: keeps the current filehandle, and the current stateid with it.</summary>
internal static class SaveFh
{
    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        compound.Saved.Dispose();
        compound.Saved = compound.Current.Share();
        compound.SavedStateId = compound.CurrentStateId;
        return nfsstat4.NFS4_OK;
    }
}
