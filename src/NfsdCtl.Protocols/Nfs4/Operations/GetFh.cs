using NfsdCtl.Vfs;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.8: the current filehandle.</summary>
internal static class GetFh
{
    /// <summary>The length and the longest handle.</summary>
    public const int Room = sizeof(uint) + FileService.MaxHandle;

    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        Span<byte> handle = stackalloc byte[FileService.MaxHandle];
        int length = compound.Current.Pseudo is { } node
            ? compound.Service.Pseudo.MakeHandle(node, handle)
            : compound.Files.MakeHandle(compound.File, handle);
        reply.Opaque(handle[..length]);
        return nfsstat4.NFS4_OK;
    }
}
