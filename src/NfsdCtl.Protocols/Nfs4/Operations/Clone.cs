using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 7862 §15.13: makes a range of the current file share the blocks of the saved one.</summary>
internal static class Clone
{
    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        var source = StateIds.Read(ref arguments);
        var target = StateIds.Read(ref arguments);
        ulong from = arguments.U64();
        ulong to = arguments.U64();
        ulong count = arguments.U64();
        if (arguments.Failed)
            return nfsstat4.NFS4ERR_BADXDR;
        var status = TwoFiles.Check(compound, source, target);
        if (status == nfsstat4.NFS4_OK)
            status = compound.Files.Clone(compound.Saved.File, from, compound.File, to, count).ToNfs();
        return status == nfsstat4.NFS4_OK ? compound.Files.CommitMetadata(compound.File).ToNfs() : status;
    }
}
