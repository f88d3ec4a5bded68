using NfsdCtl.State.Shares;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>What ALLOCATE and DEALLOCATE share: a stateid that may write, and a range of the current file.</summary>
internal static class RangeChange
{
    public delegate VfsStatus Change(Compound compound, ulong offset, ulong length);

    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, Change change)
    {
        var stateId = StateIds.Read(ref arguments);
        ulong offset = arguments.U64();
        ulong length = arguments.U64();
        if (arguments.Failed)
            return nfsstat4.NFS4ERR_BADXDR;
        var status = Names.RequireRegular(compound.MinorVersion, compound.Current.Type);
        if (status == nfsstat4.NFS4_OK)
            status = StateIds.CheckIo(compound, stateId, ShareAccess.Write);
        if (status == nfsstat4.NFS4_OK)
            status = change(compound, offset, length).ToNfs();
        return status == nfsstat4.NFS4_OK ? compound.Files.CommitMetadata(compound.File).ToNfs() : status;
    }
}
