using NfsdCtl.State.Shares;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.32: writes, straight from the request's buffer.</summary>
internal static class Write
{
    /// <summary>count, committed, verifier.</summary>
    public const int Room = 16;

    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        var stateId = StateIds.Read(ref arguments);
        ulong offset = arguments.U64();
        uint stable = arguments.U32();
        var data = arguments.Opaque(int.MaxValue);
        if (arguments.Failed || stable > (uint)stable_how4.FILE_SYNC4)
            return nfsstat4.NFS4ERR_BADXDR;
        data = data[..Math.Min(data.Length, compound.Files.MaxTransfer)];
        var status = Names.RequireRegular(compound.MinorVersion, compound.Current.Type);
        if (status == nfsstat4.NFS4_OK)
            status = StateIds.CheckIo(compound, stateId, ShareAccess.Write);
        if (status != nfsstat4.NFS4_OK)
            return status;
        // Taken before the write: a sync that fails meanwhile must change what this client compares.
        ulong verifier = compound.Files.WriteVerifier(compound.File);
        status = compound.Files.Write(compound.File, offset, data, (StableHow)stable, out int written, out var committed, out _).ToNfs();
        if (status != nfsstat4.NFS4_OK)
            return status;
        reply.U32((uint)written);
        reply.U32((uint)committed);
        reply.U64(verifier);
        return nfsstat4.NFS4_OK;
    }
}
