using NfsdCtl.Vfs;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8276 §8.4.1: the value of an extended attribute.</summary>
internal static class GetXattr
{
    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        var name = arguments.Opaque(int.MaxValue);
        if (arguments.Failed)
            return nfsstat4.NFS4ERR_BADXDR;
        var status = compound.Files.GetXattr(compound.File, name, default, out int length).ToNfs();
        if (status == nfsstat4.NFS4_OK)
            status = compound.Reserve(ref reply, sizeof(uint) + length + 3);
        if (status != nfsstat4.NFS4_OK || length == 0)
        {
            reply.U32(0);
            return status;
        }
        int start = reply.Position;
        reply.U32(0);
        var got = compound.Files.GetXattr(compound.File, name, reply.Take(length), out length);
        // It grew meanwhile: the client asks again.
        if (got == VfsStatus.TooSmall)
            got = VfsStatus.Jukebox;
        reply.Position = start;
        reply.U32((uint)length);
        reply.Take(length);
        return got.ToNfs();
    }
}
