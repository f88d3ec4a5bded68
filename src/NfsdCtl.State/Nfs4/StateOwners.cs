namespace NfsdCtl.State.Nfs4;

/// <summary>
/// An operation of minor version 0 that carries a seqid, from <see cref="StateOwners.BeginOpen"/> or
/// <see cref="StateOwners.BeginState"/> to <see cref="StateOwners.End"/>.
/// </summary>
public struct SeqidUse
{
    internal int Owner { get; set; }
    internal uint Number { get; set; }
    internal uint Seqid { get; set; }

    /// <summary>
    /// With <see cref="Nfs4Status.Replay"/>: the operation's result to send again, status and body, without the operation's number.
    /// Copy it before the gate is left.
    /// </summary>
    public ReadOnlyMemory<byte> Reply { get; internal set; }
}

/// <summary>
/// Open and lock owners. In minor version 0 each runs its operations one by one under a seqid, and the answer of the last is kept
/// (RFC 7530 §9.1.7): begin, execute, encode, <see cref="End"/>. In later minor versions the slot does that and none of this is called.
/// </summary>
public sealed partial class StateOwners
{
    private readonly ServerState state;
    private readonly Nfs4State nfs4;

    internal StateOwners(ServerState state, Nfs4State nfs4)
    {
        this.state = state;
        this.nfs4 = nfs4;
    }

    /// <summary>
    /// Begins an OPEN of minor version 0. An owner that is not known yet, or never was confirmed, begins with any seqid.
    /// Statuses: Ok, Replay, BadSeqId, Delay (its last operation is still executed), Resource. <see cref="End"/> is due after Ok only.
    /// </summary>
    public Nfs4Status BeginOpen(in GateScope gate, Nfs4Client client, ReadOnlySpan<byte> owner, uint seqid, out SeqidUse use) => throw new NotImplementedException();

    /// <summary>
    /// Begins OPEN_CONFIRM, OPEN_DOWNGRADE, CLOSE, LOCK (open_seqid under the open stateid, or lock_seqid under the lock stateid) or LOCKU of
    /// minor version 0: the owner is that of the stateid. A stateid that was closed last still finds its owner. Renews the lease.
    /// Statuses: Ok, Replay, BadSeqId, Delay, BadStateId, StaleStateId, Expired, AdminRevoked. <see cref="End"/> is due after Ok only.
    /// </summary>
    public Nfs4Status BeginState(in GateScope gate, NetAddress server, in StateId stateId, uint seqid, out SeqidUse use) => throw new NotImplementedException();

    /// <summary>
    /// The operation has its answer: advances the seqid, unless <paramref name="status"/> is one of those that do not (RFC 7530 §9.1.7),
    /// and keeps the answer. Safe to call with an unused <paramref name="use"/>.
    /// </summary>
    /// <param name="reply">Status and body as they were encoded.</param>
    public void End(in GateScope gate, ref SeqidUse use, uint status, ReadOnlySpan<byte> reply) => throw new NotImplementedException();
}
