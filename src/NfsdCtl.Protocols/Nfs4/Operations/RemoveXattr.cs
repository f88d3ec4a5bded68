using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8276 §8.4.4: removes an extended attribute.</summary>
internal static class RemoveXattr
{
    /// <summary>change_info4.</summary>
    public const int Room = 20;

    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        var name = arguments.Opaque(int.MaxValue);
        if (arguments.Failed)
            return nfsstat4.NFS4ERR_BADXDR;
        var status = compound.Files.RemoveXattr(compound.File, name, out var wcc).ToNfs();
        if (status == nfsstat4.NFS4_OK)
            status = compound.Files.CommitMetadata(compound.File).ToNfs();
        reply.ChangeInfo(wcc);
        return status;
    }
}
