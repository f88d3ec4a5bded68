using NfsdCtl.Protocols.Nfs4.Attributes;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.4: makes what is no regular file, which becomes current.</summary>
internal static class Create
{
    /// <summary>change_info4 and a bitmap of three words.</summary>
    public const int Room = 20 + 16;

    private const uint DefaultMode = 0x1ED; // 0755

    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!createtype4.Read(ref arguments, out var type))
            return nfsstat4.NFS4ERR_BADXDR;
        var name = arguments.Opaque(int.MaxValue);
        if (arguments.Failed)
            return nfsstat4.NFS4ERR_BADXDR;
        var status = compound.Service.Attributes.Decode(compound, ref arguments, out var change);
        if (status == nfsstat4.NFS4_OK)
            status = Check(compound, type.type, name);
        if (status != nfsstat4.NFS4_OK)
            return status;
        change.Basic.Mode ??= DefaultMode;
        status = Make(compound, type, name, change.Basic, out var made, out var wcc).ToNfs();
        using (made)
        {
            var set = AttributeSet.Empty;
            if (status == nfsstat4.NFS4_OK && made.IsValid)
                status = compound.Service.Attributes.Complete(compound, compound.File, made, change, out set);
            if (status == nfsstat4.NFS4_OK && made.IsValid)
                status = compound.Files.CommitMetadata(made).ToNfs();
            if (status == nfsstat4.NFS4_OK)
                status = compound.Files.CommitMetadata(compound.File).ToNfs();
            if (status != nfsstat4.NFS4_OK)
                return status;
            reply.ChangeInfo(wcc);
            set.Write(ref reply);
            // Without search right on the directory the caller may make a file there, and not get at it.
            if (!made.IsValid)
                return nfsstat4.NFS4ERR_ACCESS;
            compound.SetCurrent(made.Share());
            return nfsstat4.NFS4_OK;
        }
    }

    private static nfsstat4 Check(Compound compound, uint type, ReadOnlySpan<byte> name)
    {
        if (type is not ((uint)nfs_ftype4.NF4DIR or (uint)nfs_ftype4.NF4BLK or (uint)nfs_ftype4.NF4CHR
            or (uint)nfs_ftype4.NF4LNK or (uint)nfs_ftype4.NF4SOCK or (uint)nfs_ftype4.NF4FIFO))
            return nfsstat4.NFS4ERR_BADTYPE;
        if (compound.Current.Type != FileType.Directory)
            return nfsstat4.NFS4ERR_NOTDIR;
        return Names.Check(name);
    }

    private static VfsStatus Make(
        Compound compound, in createtype4 type, ReadOnlySpan<byte> name, in SetAttributes set, out FileRef made, out WccData wcc) => (nfs_ftype4)type.type switch
        {
            nfs_ftype4.NF4DIR => compound.Files.MakeDirectory(compound.File, name, set, out made, out _, out wcc),
            nfs_ftype4.NF4LNK => compound.Files.MakeSymlink(compound.File, name, type.linkdata, set, out made, out _, out wcc),
            _ => compound.Files.MakeNode(compound.File, name, (FileType)type.type, type.devdata.specdata1, type.devdata.specdata2, set,
                out made, out _, out wcc),
        };
}
