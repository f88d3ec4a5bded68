using NfsdCtl.Vfs;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.13: the file of a name becomes current.</summary>
internal static class Lookup
{
    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!LOOKUP4args.Read(ref arguments, out var args))
            return nfsstat4.NFS4ERR_BADXDR;
        var status = Find(compound, args.objname, out var file);
        if (status == nfsstat4.NFS4_OK)
            compound.SetCurrent(file);
        return status;
    }

    /// <summary>The file of a name in the current directory; it is to be disposed.</summary>
    public static nfsstat4 Find(Compound compound, ReadOnlySpan<byte> name, out CompoundFile file)
    {
        file = default;
        var status = Names.RequireDirectory(compound.Current.Type);
        if (status == nfsstat4.NFS4_OK)
            status = Names.Check(name);
        if (status != nfsstat4.NFS4_OK)
            return status;
        return compound.Current.Pseudo is { } node
            ? compound.Service.Pseudo.Lookup(compound, node, name, out file)
            : compound.Files.Lookup(compound.File, name, out file.File, out _).ToNfs();
    }
}
