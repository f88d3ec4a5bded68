using NfsdCtl.State.Nfs4;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>
/// RFC 8881 §18.34: the connection serves a session. Calls need no binding, since a SEQUENCE binds as well (§2.10.3.1); what this adds is
/// the way back.
/// </summary>
internal static class BindConnToSession
{
    /// <summary>sessionid, direction, RDMA mode.</summary>
    public const int Room = SessionId.Size + 2 * sizeof(uint);

    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!BIND_CONN_TO_SESSION4args.Read(ref arguments, out var args))
            return nfsstat4.NFS4ERR_BADXDR;
        nfsstat4 status;
        using (var gate = compound.Enter())
            status = compound.Nfs4.Sessions.Find(gate, compound.Rpc.LocalAddress, SessionId.Read(args.bctsa_sessid), out _).ToNfs();
        compound.RunEffects();
        if (status != nfsstat4.NFS4_OK)
            return status;
        // Without a way back over this connection there is nothing to give to a client that wants only that.
        if (args.bctsa_dir == channel_dir_from_client4.CDFC4_BACK)
            return nfsstat4.NFS4ERR_INVAL;
        reply.Fixed(args.bctsa_sessid);
        reply.U32((uint)channel_dir_from_server4.CDFS4_FORE);
        reply.Bool(false);
        return nfsstat4.NFS4_OK;
    }
}
