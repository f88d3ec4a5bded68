using NfsdCtl.Vfs;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.26: from a name of the saved directory to one of the current directory.</summary>
internal static class Rename
{
    /// <summary>Twice change_info4.</summary>
    public const int Room = 2 * 20;

    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!RENAME4args.Read(ref arguments, out var args))
            return nfsstat4.NFS4ERR_BADXDR;
        var status = Check(compound, args);
        if (status != nfsstat4.NFS4_OK)
            return status;
        ref var from = ref compound.Saved.File;
        ref var to = ref compound.Current.File;
        status = compound.Files.Rename(from, args.oldname, to, args.newname, out var fromWcc, out var toWcc).ToNfs();
        // What the new name is now does not go with what is renamed (RFC 8881 §18.26.3).
        if (status is nfsstat4.NFS4ERR_ISDIR or nfsstat4.NFS4ERR_NOTDIR)
            return nfsstat4.NFS4ERR_EXIST;
        if (status == nfsstat4.NFS4_OK && from.Key != to.Key)
            status = compound.Files.CommitMetadata(from).ToNfs();
        if (status == nfsstat4.NFS4_OK)
            status = compound.Files.CommitMetadata(to).ToNfs();
        if (status != nfsstat4.NFS4_OK)
            return status;
        reply.ChangeInfo(fromWcc);
        reply.ChangeInfo(toWcc);
        return nfsstat4.NFS4_OK;
    }

    private static nfsstat4 Check(Compound compound, in RENAME4args args)
    {
        if (!compound.Saved.IsSet)
            return nfsstat4.NFS4ERR_NOFILEHANDLE;
        if (compound.Saved.Type != FileType.Directory || compound.Current.Type != FileType.Directory)
            return nfsstat4.NFS4ERR_NOTDIR;
        if (compound.Saved.Pseudo is not null)
            return nfsstat4.NFS4ERR_ROFS;
        var status = Names.Check(args.oldname);
        return status == nfsstat4.NFS4_OK ? Names.Check(args.newname) : status;
    }
}
