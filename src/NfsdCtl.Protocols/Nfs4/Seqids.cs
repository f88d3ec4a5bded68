using NfsdCtl.State.Nfs4;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4;

/// <summary>
/// Operations of minor version 0 that carry a seqid (RFC 7530 §9.1.7): begin, execute, end. In later minor versions the slot keeps
/// replies, and nothing of this does anything.
/// </summary>
internal static class Seqids
{
    /// <summary>In front of a result's body: the operation's number and the status.</summary>
    private const int Head = 2 * sizeof(uint);

    /// <summary>
    /// Begins an operation on a stateid. False: <paramref name="answer"/> is the answer, with its body written if it is one of an
    /// earlier call.
    /// </summary>
    public static bool Begin(Compound compound, in StateId stateId, uint seqid, ref XdrWriter reply, out nfsstat4 answer)
    {
        answer = nfsstat4.NFS4_OK;
        if (compound.MinorVersion > 0)
            return true;
        Nfs4Status status;
        using (var gate = compound.Enter())
        {
            status = compound.Nfs4.Owners.BeginState(gate, compound.Rpc.LocalAddress, stateId, seqid, out compound.Seqid);
            answer = status == Nfs4Status.Replay ? Repeat(compound, compound.Seqid, ref reply) : status.ToNfs();
        }
        compound.RunEffects();
        return status == Nfs4Status.Ok;
    }

    /// <summary>The same for OPEN, whose owner may be new. <paramref name="replayed"/>: the answer is that of an earlier call.</summary>
    public static bool BeginOpen(
        Compound compound, Nfs4Client client, scoped ReadOnlySpan<byte> owner, uint seqid, ref XdrWriter reply, out nfsstat4 answer, out bool replayed)
    {
        Nfs4Status status;
        using (var gate = compound.Enter())
        {
            status = compound.Nfs4.Owners.BeginOpen(gate, client, owner, seqid, out compound.Seqid);
            replayed = status == Nfs4Status.Replay;
            answer = replayed ? Repeat(compound, compound.Seqid, ref reply) : status.ToNfs();
        }
        compound.RunEffects();
        return status == Nfs4Status.Ok;
    }

    /// <summary>Keeps the answer, whose body begins at <paramref name="body"/>, and returns its status.</summary>
    public static nfsstat4 End(Compound compound, nfsstat4 status, int body, ref XdrWriter reply)
    {
        if (compound.MinorVersion > 0)
            return status;
        int start = body - Head;
        reply.Patch(body - sizeof(uint), (uint)status);
        using (var gate = compound.Enter())
            compound.Nfs4.Owners.End(gate, ref compound.Seqid, (uint)status, reply.Written[start..]);
        compound.RunEffects();
        return status;
    }

    /// <summary>An operation that ended with an exception has no answer: its owner goes on with the same seqid.</summary>
    public static void Abandon(Compound compound)
    {
        using (var gate = compound.Enter())
            compound.Nfs4.Owners.End(gate, ref compound.Seqid, (uint)nfsstat4.NFS4ERR_RESOURCE, default);
        compound.RunEffects();
    }

    /// <summary>Writes the body of a kept answer, if it is one to the same operation. Inside the gate.</summary>
    private static nfsstat4 Repeat(Compound compound, in SeqidUse use, ref XdrWriter reply)
    {
        var known = new XdrReader(use.Reply.Span);
        if (known.U32() != new XdrReader(reply.Written[^Head..]).U32())
            return nfsstat4.NFS4ERR_BAD_SEQID;
        var status = (nfsstat4)known.U32();
        compound.Rpc.EnsureRoom(ref reply, known.Remaining);
        reply.Fixed(known.Rest);
        return status;
    }
}
