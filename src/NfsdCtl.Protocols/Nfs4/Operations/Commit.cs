using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.3: makes what was written stable.</summary>
internal static class Commit
{
    /// <summary>The write verifier.</summary>
    public const int Room = 8;

    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!COMMIT4args.Read(ref arguments, out var args))
            return nfsstat4.NFS4ERR_BADXDR;
        var status = Names.RequireRegular(compound.MinorVersion, compound.Current.Type);
        if (status != nfsstat4.NFS4_OK)
            return status;
        if (args.count > ulong.MaxValue - args.offset)
            return nfsstat4.NFS4ERR_INVAL;
        status = compound.Files.Commit(compound.File, args.offset, args.count, out _).ToNfs();
        if (status == nfsstat4.NFS4_OK)
            reply.U64(compound.Files.WriteVerifier(compound.File));
        return status;
    }
}
