using NfsdCtl.Vfs;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.14: the parent of the current directory; above an export's root is the tree that joins the exports.</summary>
internal static class LookupP
{
    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        var status = Find(compound, out var parent);
        if (status == nfsstat4.NFS4_OK)
            compound.SetCurrent(parent);
        return status;
    }

    /// <summary>The parent of the current directory; it is to be disposed.</summary>
    public static nfsstat4 Find(Compound compound, out CompoundFile parent)
    {
        parent = default;
        var status = Names.RequireDirectory(compound.Current.Type);
        if (status != nfsstat4.NFS4_OK)
            return status;
        return compound.Current.Pseudo is not null || compound.File.IsExportRoot
            ? compound.Service.Pseudo.Parent(compound, compound.Current, out parent)
            : compound.Files.Lookup(compound.File, ".."u8, out parent.File, out _).ToNfs();
    }
}
