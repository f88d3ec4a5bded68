using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.45: the same as SECINFO for the current file, or the parent of the current directory.</summary>
internal static class SecInfoNoName
{
    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!SECINFO_NO_NAME4args.Read(ref arguments, out var args))
            return nfsstat4.NFS4ERR_BADXDR;
        var status = nfsstat4.NFS4_OK;
        if (args.style == secinfo_style4.SECINFO_STYLE4_PARENT)
        {
            status = LookupP.Find(compound, out var parent);
            parent.Dispose();
        }
        return status == nfsstat4.NFS4_OK ? SecInfo.Tell(compound, ref reply) : status;
    }
}
