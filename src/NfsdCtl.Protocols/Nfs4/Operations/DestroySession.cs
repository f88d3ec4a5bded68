using NfsdCtl.State.Nfs4;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.37: ends a session; its own only with the last operation.</summary>
internal static class DestroySession
{
    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        var bytes = arguments.Fixed(SessionId.Size);
        if (arguments.Failed)
            return nfsstat4.NFS4ERR_BADXDR;
        var id = SessionId.Read(bytes);
        if (compound.InSession && compound.Slot.Session!.Id == id && !compound.IsLast)
            return nfsstat4.NFS4ERR_NOT_ONLY_OP;
        nfsstat4 status;
        using (var gate = compound.Enter())
        {
            status = compound.Nfs4.Sessions.Find(gate, compound.Rpc.LocalAddress, id, out var session).ToNfs();
            if (status == nfsstat4.NFS4_OK && !compound.Service.Connections.MayEnd(session!, compound.Rpc.BackChannel))
                status = nfsstat4.NFS4ERR_CONN_NOT_BOUND_TO_SESSION;
            if (status == nfsstat4.NFS4_OK)
                status = compound.Nfs4.Sessions.Destroy(gate, compound.Rpc.LocalAddress, id, compound.Slot.Session).ToNfs();
        }
        compound.RunEffects();
        if (status == nfsstat4.NFS4_OK)
            compound.Service.Effects.Callbacks.Forget(id);
        return status;
    }
}
