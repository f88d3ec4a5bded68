using NfsdCtl.Vfs;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.9: gives the saved file one more name, in the current directory.</summary>
internal static class Link
{
    /// <summary>change_info4.</summary>
    public const int Room = 20;

    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!LINK4args.Read(ref arguments, out var args))
            return nfsstat4.NFS4ERR_BADXDR;
        if (!compound.Saved.IsSet)
            return nfsstat4.NFS4ERR_NOFILEHANDLE;
        if (compound.Saved.Type == FileType.Directory)
            return nfsstat4.NFS4ERR_ISDIR;
        if (compound.Current.Type != FileType.Directory)
            return nfsstat4.NFS4ERR_NOTDIR;
        var status = Names.Check(args.newname);
        if (status != nfsstat4.NFS4_OK)
            return status;
        status = Make(compound, args.newname, out var wcc).ToNfs();
        if (status == nfsstat4.NFS4_OK)
            reply.ChangeInfo(wcc);
        return status;
    }

    private static VfsStatus Make(Compound compound, ReadOnlySpan<byte> name, out WccData wcc)
    {
        var status = compound.Files.Link(compound.Saved.File, compound.File, name, out _, out wcc);
        if (status == VfsStatus.Ok)
            status = compound.Files.CommitMetadata(compound.Saved.File);
        return status == VfsStatus.Ok ? compound.Files.CommitMetadata(compound.File) : status;
    }
}
