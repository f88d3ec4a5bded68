using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.51: the client has reclaimed all it wants, everywhere or on the current filesystem.</summary>
internal static class ReclaimComplete
{
    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        bool oneFileSystem = arguments.Bool();
        if (arguments.Failed)
            return nfsstat4.NFS4ERR_BADXDR;
        if (oneFileSystem && !compound.Current.IsSet)
            return nfsstat4.NFS4ERR_NOFILEHANDLE;
        // Nothing was ever opened on what joins exports.
        if (oneFileSystem && compound.Current.Pseudo is not null)
            return nfsstat4.NFS4_OK;
        nfsstat4 status;
        using (var gate = compound.Enter())
            status = compound.Nfs4.Clients.ReclaimComplete(gate, compound.Client!, oneFileSystem ? compound.File.FileSystem : FsId.Any).ToNfs();
        compound.RunEffects();
        return status;
    }
}
