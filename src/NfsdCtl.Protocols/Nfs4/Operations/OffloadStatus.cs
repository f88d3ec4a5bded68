using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 7862 §15.9: how far an asynchronous copy is.</summary>
internal static class OffloadStatus
{
    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        var stateId = StateIds.Read(ref arguments);
        if (arguments.Failed)
            return nfsstat4.NFS4ERR_BADXDR;
        nfsstat4 status;
        ulong copied;
        State.Nfs4.Nfs4Status? complete;
        using (var gate = compound.Enter())
            status = compound.Nfs4.Offloads.Status(gate, compound.Client!, stateId, compound.File.Key, out copied, out complete).ToNfs();
        compound.RunEffects();
        reply.U64(copied);
        reply.U32(complete is null ? 0u : 1);
        if (complete is { } result)
            reply.U32((uint)result.ToNfs());
        return status;
    }
}
