using NfsdCtl.Protocols.Nfs4.Attributes;
using NfsdCtl.State.Shares;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.30: sets attributes, and tells which, also when one of them failed.</summary>
internal static class SetAttr
{
    /// <summary>A bitmap of three words.</summary>
    public const int Room = 16;

    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        var stateId = StateIds.Read(ref arguments);
        if (arguments.Failed)
            return nfsstat4.NFS4ERR_BADXDR;
        var status = compound.Service.Attributes.Decode(compound, ref arguments, out var change);
        // Only a new size needs the right to write that an open gives.
        if (status == nfsstat4.NFS4_OK && change.Basic.Size is not null)
            status = Names.RequireRegular(compound.MinorVersion, compound.Current.Type);
        if (status == nfsstat4.NFS4_OK && change.Basic.Size is not null)
            status = StateIds.CheckIo(compound, stateId, ShareAccess.Write);
        if (status != nfsstat4.NFS4_OK)
            return status;
        status = compound.Service.Attributes.Apply(compound, compound.File, change, out var set);
        if (status == nfsstat4.NFS4_OK)
            status = compound.Files.CommitMetadata(compound.File).ToNfs();
        set.Write(ref reply);
        return status;
    }
}
