using NfsdCtl.Vfs;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.25: removes a name, a directory's as well.</summary>
internal static class Remove
{
    /// <summary>change_info4.</summary>
    public const int Room = 20;

    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!REMOVE4args.Read(ref arguments, out var args))
            return nfsstat4.NFS4ERR_BADXDR;
        var status = Names.RequireDirectory(compound.Current.Type);
        if (status == nfsstat4.NFS4ERR_SYMLINK)
            status = nfsstat4.NFS4ERR_NOTDIR;
        if (status == nfsstat4.NFS4_OK)
            status = Names.Check(args.target);
        if (status != nfsstat4.NFS4_OK)
            return status;
        var removed = compound.Files.Remove(compound.File, args.target, out var wcc);
        if (removed == VfsStatus.IsDir)
            removed = compound.Files.RemoveDirectory(compound.File, args.target, out wcc);
        if (removed == VfsStatus.Ok)
            removed = compound.Files.CommitMetadata(compound.File);
        if (removed == VfsStatus.Ok)
            reply.ChangeInfo(wcc);
        return removed.ToNfs();
    }
}
