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
        Nfs4Session? session;
        using (var gate = compound.Enter())
            status = compound.Nfs4.Sessions.Find(gate, compound.Rpc.LocalAddress, SessionId.Read(args.bctsa_sessid), out session).ToNfs();
        compound.RunEffects();
        if (status != nfsstat4.NFS4_OK)
            return status;
        compound.Service.Connections.Note(session!, compound.Rpc.BackChannel);
        bool back = args.bctsa_dir != channel_dir_from_client4.CDFC4_FORE && compound.Service.Effects.Callbacks.Bind(session!, compound.Rpc.BackChannel);
        // Without a way back over this connection there is nothing to give to a client that wants only that.
        if (args.bctsa_dir == channel_dir_from_client4.CDFC4_BACK && !back)
            return nfsstat4.NFS4ERR_INVAL;
        reply.Fixed(args.bctsa_sessid);
        reply.U32((uint)Direction(args.bctsa_dir, back));
        reply.Bool(false);
        return nfsstat4.NFS4_OK;
    }

    private static channel_dir_from_server4 Direction(channel_dir_from_client4 asked, bool back) =>
        !back ? channel_dir_from_server4.CDFS4_FORE
        : asked == channel_dir_from_client4.CDFC4_BACK ? channel_dir_from_server4.CDFS4_BACK
        : channel_dir_from_server4.CDFS4_BOTH;
}
