using NfsdCtl.State.Shares;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 7862 §15.4: makes a hole in the current file.</summary>
internal static class Deallocate
{
    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
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
            status = compound.Files.Deallocate(compound.File, offset, length, out _).ToNfs();
        return status == nfsstat4.NFS4_OK ? compound.Files.CommitMetadata(compound.File).ToNfs() : status;
    }
}
