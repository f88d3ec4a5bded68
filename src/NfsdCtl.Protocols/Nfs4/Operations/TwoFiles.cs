using NfsdCtl.State.Nfs4;
using NfsdCtl.State.Shares;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>What COPY and CLONE have in common: from the saved file to the current one (RFC 7862 §15.2.3, §15.13.3).</summary>
internal static class TwoFiles
{
    /// <summary>Both are files, and may be read and written under these stateids.</summary>
    public static nfsstat4 Check(Compound compound, in StateId source, in StateId target)
    {
        if (!compound.Saved.IsSet)
            return nfsstat4.NFS4ERR_NOFILEHANDLE;
        var status = Names.RequireRegular(compound.MinorVersion, compound.Saved.Type);
        if (status == nfsstat4.NFS4_OK)
            status = Names.RequireRegular(compound.MinorVersion, compound.Current.Type);
        // The stateid that goes with the saved file was saved with it.
        if (status == nfsstat4.NFS4_OK)
            status = StateIds.CheckIo(compound, source.IsCurrent ? compound.SavedStateId : source, compound.Saved.File.Key, ShareAccess.Read);
        return status == nfsstat4.NFS4_OK ? StateIds.CheckIo(compound, target, ShareAccess.Write) : status;
    }
}
