using NfsdCtl.Protocols.Peers;
using NfsdCtl.State.Nfs4;
using NfsdCtl.Wire.Client;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Callback;

/// <summary>CB_COMPOUND in the minor version that the client speaks (RFC 8881 §20.2): CB_SEQUENCE and one operation behind it.</summary>
internal static class CallbackMessage
{
    private const int MaxTag = 1024;

    /// <summary>CB_SEQUENCE and CB_NOTIFY_LOCK (§20.9, §20.11).</summary>
    public static byte[] NotifyLock(Nfs4Session session, CallbackSlot slot, uint highestSlot, byte[] handle, byte[] owner) => PeerArguments.Of((ref XdrWriter w) =>
    {
        Head(ref w, session, 2);
        Sequence(ref w, session, slot, highestSlot);
        w.U32((uint)nfs_cb_opnum4.OP_CB_NOTIFY_LOCK);
        w.Opaque(handle);
        w.U64(session.Client.Id);
        w.Opaque(owner);
    });

    /// <summary>CB_SEQUENCE and CB_OFFLOAD (RFC 7862 §16.1). The COPY is told as a call that this one must not overtake.</summary>
    public static byte[] Offload(in OffloadNotice notice, CallbackSlot slot, uint highestSlot)
    {
        var (session, offload, result) = notice;
        return PeerArguments.Of((ref XdrWriter w) =>
        {
            Head(ref w, session, 2);
            Sequence(ref w, session, slot, highestSlot, offload.Call);
            w.U32((uint)nfs_cb_opnum4.OP_CB_OFFLOAD);
            w.Opaque(offload.Handle.Span);
            w.Put(offload.StateId);
            w.U32((uint)result.ToNfs());
            if (result == Nfs4Status.Ok)
                w.U32(0);
            w.U64(offload.Copied);
            if (result != Nfs4Status.Ok)
                return;
            w.U32((uint)stable_how4.UNSTABLE4);
            w.U64(offload.WriteVerifier);
        });
    }

    /// <summary>Reads the answer: how CB_SEQUENCE went, and the status of the operation behind it.</summary>
    public static (CallbackOutcome Outcome, nfsstat4 Status) Read(RpcReply reply)
    {
        if (reply.Outcome != RpcOutcome.Answered)
            return (reply.Outcome == RpcOutcome.Refused ? CallbackOutcome.NoProgram : CallbackOutcome.Broken, nfsstat4.NFS4ERR_SERVERFAULT);
        var r = new XdrReader(reply.Result.Span);
        var overall = (nfsstat4)r.U32();
        r.Opaque(MaxTag);
        uint count = r.U32();
        uint first = r.U32();
        var sequence = (nfsstat4)r.U32();
        if (r.Failed || count == 0 || first != (uint)nfs_cb_opnum4.OP_CB_SEQUENCE)
            return (CallbackOutcome.Fault, overall);
        if (sequence != nfsstat4.NFS4_OK)
            return (sequence == nfsstat4.NFS4ERR_DELAY ? CallbackOutcome.Later : CallbackOutcome.Fault, sequence);
        r.Fixed(SessionId.Size + 4 * sizeof(uint));
        r.U32();
        var status = (nfsstat4)r.U32();
        return (CallbackOutcome.Accepted, r.Failed ? overall : status);
    }

    private static void Head(ref XdrWriter w, Nfs4Session session, uint operations)
    {
        w.Opaque([]);
        w.U32(session.Client.SeenMinorVersion);
        w.U32(0);
        w.U32(operations);
    }

    private static void Sequence(ref XdrWriter w, Nfs4Session session, CallbackSlot slot, uint highestSlot, SlotCall? refersTo = null)
    {
        w.U32((uint)nfs_cb_opnum4.OP_CB_SEQUENCE);
        session.Id.Write(w.Take(SessionId.Size));
        w.U32(slot.Sequence + 1);
        w.U32(slot.Number);
        w.U32(highestSlot);
        w.Bool(false);
        w.U32(refersTo is null ? 0u : 1);
        if (refersTo is not { } call)
            return;
        call.Session.Write(w.Take(SessionId.Size));
        w.U32(1);
        w.U32(call.Sequence);
        w.U32(call.Slot);
    }
}
