using NfsdCtl.Vfs;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.24: what a symbolic link says.</summary>
internal static class ReadLink
{
    /// <summary>PATH_MAX.</summary>
    private const int MaxTarget = 4096;

    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (compound.Current.Type != FileType.Symlink)
            // RFC 7530 §16.25.4: INVAL; RFC 8881 §18.24.4: WRONG_TYPE.
            return compound.MinorVersion == 0 ? nfsstat4.NFS4ERR_INVAL : nfsstat4.NFS4ERR_WRONG_TYPE;
        compound.Rpc.EnsureRoom(ref reply, sizeof(uint) + MaxTarget);
        int start = reply.Position;
        reply.Skip();
        var status = compound.Files.ReadLink(compound.File, reply.Take(MaxTarget), out int length, out _).ToNfs();
        reply.Position = start;
        if (status == nfsstat4.NFS4_OK)
            status = compound.Reserve(ref reply, sizeof(uint) + length + 3);
        if (status != nfsstat4.NFS4_OK)
            return status;
        reply.U32((uint)length);
        reply.Take(length);
        return nfsstat4.NFS4_OK;
    }
}
