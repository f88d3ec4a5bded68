using NfsdCtl.State.Nfs4;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.46: takes a slot of a session, and renews the lease.</summary>
internal static class Sequence
{
    /// <summary>sessionid and five words.</summary>
    public const int Room = SessionId.Size + 5 * sizeof(uint);

    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        var id = arguments.Fixed(SessionId.Size);
        uint sequence = arguments.U32();
        uint slot = arguments.U32();
        uint highest = arguments.U32();
        bool cacheThis = arguments.Bool();
        if (arguments.Failed)
            return nfsstat4.NFS4ERR_BADXDR;
        var request = new SequenceRequest
        {
            Server = compound.Rpc.LocalAddress,
            Session = SessionId.Read(id),
            Sequence = sequence,
            Slot = slot,
            HighestSlot = highest,
            CacheThis = cacheThis,
            Checksum = compound.Checksum,
            Operations = compound.Count,
            RequestSize = (uint)compound.RequestSize,
        };
        var status = compound.Nfs4.Sessions.Begin(request, out compound.Slot);
        compound.IsReplay = status == Nfs4Status.Replay;
        compound.IsUncachedRetry = status == Nfs4Status.RetryUncachedReply;
        if (compound.IsReplay)
            return nfsstat4.NFS4_OK;
        if (status != Nfs4Status.Ok && !compound.IsUncachedRetry)
            return status.ToNfs();
        compound.Service.Connections.Note(compound.Slot.Session!, compound.Rpc.BackChannel);
        compound.ApplyLimits(compound.Slot.Session!.Fore, compound.Slot.Keeps);
        var room = compound.Reserve(ref reply, Room);
        if (room != nfsstat4.NFS4_OK)
            return room;
        reply.Fixed(id);
        reply.U32(sequence);
        reply.U32(slot);
        reply.U32(compound.Slot.HighestSlot);
        reply.U32(compound.Slot.TargetHighestSlot);
        reply.U32((uint)compound.Slot.Flags);
        return nfsstat4.NFS4_OK;
    }
}
