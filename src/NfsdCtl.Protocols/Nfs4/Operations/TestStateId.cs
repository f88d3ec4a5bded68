using NfsdCtl.State.Nfs4;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.48: what stateids are worth.</summary>
internal static class TestStateId
{
    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        int count = arguments.Count(arguments.Remaining / StateId.Size);
        var stateIds = arguments.Fixed(count * StateId.Size);
        if (arguments.Failed)
            return nfsstat4.NFS4ERR_BADXDR;
        var status = compound.Reserve(ref reply, (1 + count) * sizeof(uint));
        if (status != nfsstat4.NFS4_OK)
            return status;
        reply.U32((uint)count);
        using (var gate = compound.Enter())
        {
            for (; !stateIds.IsEmpty; stateIds = stateIds[StateId.Size..])
                reply.U32((uint)compound.Nfs4.States.Test(gate, compound.Client!, compound.Resolve(StateId.Read(stateIds))).ToNfs());
        }
        compound.RunEffects();
        return nfsstat4.NFS4_OK;
    }
}
