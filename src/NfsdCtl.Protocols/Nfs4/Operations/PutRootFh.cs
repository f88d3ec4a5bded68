using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.21, and §18.20 PUTPUBFH: the public filehandle is the root.</summary>
internal static class PutRootFh
{
    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        var status = compound.Service.Pseudo.Root(compound, out var root);
        if (status == nfsstat4.NFS4_OK)
            compound.SetCurrent(root);
        return status;
    }
}
