using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.19: sets the current filehandle.</summary>
internal static class PutFh
{
    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!PUTFH4args.Read(ref arguments, out var args))
            return nfsstat4.NFS4ERR_BADXDR;
        CompoundFile file = default;
        var status = compound.Service.Pseudo.Owns(args.@object)
            ? compound.Service.Pseudo.Resolve(compound, args.@object, out file)
            : compound.Files.Resolve(args.@object, compound.Rpc.ToCaller(), out file.File).ToNfs();
        if (status == nfsstat4.NFS4_OK)
            compound.SetCurrent(file);
        return status;
    }
}
