using NfsdCtl.Vfs;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8276 §8.4.2: sets an extended attribute.</summary>
internal static class SetXattr
{
    /// <summary>change_info4.</summary>
    public const int Room = 20;

    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        uint how = arguments.U32();
        var name = arguments.Opaque(int.MaxValue);
        var value = arguments.Opaque(int.MaxValue);
        if (arguments.Failed || how > (uint)setxattr_option4.SETXATTR4_REPLACE)
            return nfsstat4.NFS4ERR_BADXDR;
        var status = compound.Files.SetXattr(compound.File, name, value, (SetXattrHow)how, out var wcc).ToNfs();
        if (status == nfsstat4.NFS4_OK)
            status = compound.Files.CommitMetadata(compound.File).ToNfs();
        reply.ChangeInfo(wcc);
        return status;
    }
}
