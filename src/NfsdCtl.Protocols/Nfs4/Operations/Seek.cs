using NfsdCtl.State.Shares;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 7862 §15.11: the next data or hole of the current file.</summary>
internal static class Seek
{
    /// <summary>eof and the offset.</summary>
    public const int Room = 12;

    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        var stateId = StateIds.Read(ref arguments);
        ulong offset = arguments.U64();
        uint what = arguments.U32();
        if (arguments.Failed)
            return nfsstat4.NFS4ERR_BADXDR;
        if (what > (uint)data_content4.NFS4_CONTENT_HOLE)
            return nfsstat4.NFS4ERR_UNION_NOTSUPP;
        var status = Names.RequireRegular(compound.MinorVersion, compound.Current.Type);
        if (status == nfsstat4.NFS4_OK)
            status = StateIds.CheckIo(compound, stateId, ShareAccess.Read);
        if (status != nfsstat4.NFS4_OK)
            return status;
        status = compound.Files.Seek(compound.File, offset, what == (uint)data_content4.NFS4_CONTENT_HOLE, out ulong position, out bool end).ToNfs();
        reply.Bool(end);
        reply.U64(position);
        return status;
    }
}
