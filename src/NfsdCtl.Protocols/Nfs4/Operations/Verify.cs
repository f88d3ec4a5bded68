using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.31: goes on when the attributes are those of the file.</summary>
internal static class Verify
{
    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        var status = compound.Service.Attributes.Compare(compound, compound.Current, ref arguments);
        return status == nfsstat4.NFS4ERR_SAME ? nfsstat4.NFS4_OK : status;
    }
}
