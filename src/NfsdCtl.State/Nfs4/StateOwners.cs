namespace NfsdCtl.State.Nfs4;

/// <summary>
/// An operation of minor version 0 that carries a seqid, from <see cref="StateOwners.BeginOpen"/> or
/// <see cref="StateOwners.BeginState"/> to <see cref="StateOwners.End"/>.
/// </summary>
public struct SeqidUse
{
    internal int Owner { get; set; }

    /// <summary><see cref="StateOwners.End"/> is due.</summary>
    public readonly bool IsPending => Owner != 0;

    internal ulong Life { get; set; }

    internal uint Seqid { get; set; }

    /// <summary>
    /// With <see cref="Nfs4Status.Replay"/>: what <see cref="StateOwners.End"/> was given: the operation's number, status and body.
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
    /// <summary>The longest open_owner4 or lock_owner4, in bytes (NFS4_OPAQUE_LIMIT).</summary>
    public const int MaxName = 1024;

    private const byte Overflow = byte.MaxValue;
    private readonly ServerState state;
    private readonly Nfs4State nfs4;
    private readonly Slab<OwnerRecord> slab;
    private readonly HashIndex<OwnerRecord> index;
    private readonly SlabQueue<OwnerRecord> idle;
    private readonly Dictionary<int, byte[]> longNames = [];
    private readonly Dictionary<int, OwnerReply> replies = [];
    private readonly Stack<OwnerReply> replyPool = new();
    private ulong lastLife;

    internal StateOwners(ServerState state, Nfs4State nfs4)
    {
        this.state = state;
        this.nfs4 = nfs4;
        slab = new Slab<OwnerRecord>(state.Options.MaxOwners);
        index = new HashIndex<OwnerRecord>(slab);
        idle = new SlabQueue<OwnerRecord>(slab);
    }

    internal int Count => slab.Count;

    internal ref OwnerRecord this[int owner] => ref slab[owner];

    /// <summary>
    /// Begins an OPEN of minor version 0. An owner that is not known yet, or never was confirmed, begins with any seqid.
    /// Statuses: Ok, Replay, BadSeqId, Delay (its last operation is still executed), Resource, Expired. <see cref="End"/> is due after Ok only.
    /// </summary>
    public Nfs4Status BeginOpen(in GateScope gate, Nfs4Client client, ReadOnlySpan<byte> owner, uint seqid, out SeqidUse use)
    {
        use = default;
        if (Opens.Gone(client) is { } gone)
            return gone;
        int found = FindOrAdd(client, StateKind.Open, owner);
        if (found == 0)
            return Nfs4Status.Resource;
        ref var record = ref slab[found];
        if (record is { Confirmed: false, Begun: true, Busy: false } && seqid != record.Seqid)
            ForgetOpens(gate, found);
        return Begin(found, seqid, !record.Begun, ref use);
    }

    /// <summary>
    /// Begins OPEN_CONFIRM, OPEN_DOWNGRADE, CLOSE, LOCK (open_seqid under the open stateid, or lock_seqid under the lock stateid) or LOCKU of
    /// minor version 0: the owner is that of the stateid. A stateid that was closed last still finds its owner. Renews the lease.
    /// Statuses: Ok, Replay, BadSeqId, Delay, BadStateId, StaleStateId, Expired, AdminRevoked. <see cref="End"/> is due after Ok only.
    /// </summary>
    public Nfs4Status BeginState(in GateScope gate, NetAddress server, in StateId stateId, uint seqid, out SeqidUse use)
    {
        use = default;
        var status = nfs4.States.Locate(null, server, stateId, out int at);
        return status == Nfs4Status.Ok ? Begin(nfs4.States[at].Owner, seqid, false, ref use) : status;
    }

    /// <summary>
    /// The operation has its answer: advances the seqid, unless <paramref name="status"/> is one of those that do not (RFC 7530 §9.1.7),
    /// and keeps the answer. Safe to call with an unused <paramref name="use"/>.
    /// </summary>
    /// <param name="reply">The operation's number, status and body as they were encoded.</param>
    public void End(in GateScope gate, ref SeqidUse use, uint status, ReadOnlySpan<byte> reply)
    {
        int owner = use.Owner;
        if (owner == 0 || slab[owner].Life != use.Life)
            return;
        ref var record = ref slab[owner];
        record.Busy = false;
        if (Advances(status))
        {
            record.Seqid = use.Seqid;
            record.Begun = true;
            Keep(owner, reply);
        }
        use = default;
        Settle(owner);
    }

    internal int Find(Nfs4Client client, StateKind kind, ReadOnlySpan<byte> name)
    {
        int at = index.First(HashOf(client.Index, kind, name));
        while (at != 0)
        {
            ref var owner = ref slab[at];
            if (owner.Client == client.Index && owner.Kind == kind && NameOf(at).SequenceEqual(name))
                break;
            at = owner.HashNext;
        }
        return at;
    }

    /// <summary>0 when a bound is reached. What gets no state has to be settled (<see cref="Settle"/>).</summary>
    internal int FindOrAdd(Nfs4Client client, StateKind kind, ReadOnlySpan<byte> name)
    {
        int found = Find(client, kind, name);
        if (found != 0)
            return found;
        if (slab.Available == 0 || client.Owners >= state.Options.MaxOwnersPerClient)
            DropIdle(16);
        if (slab.Available == 0 || client.Owners >= state.Options.MaxOwnersPerClient || name.Length > MaxName)
            return 0;
        found = slab.Take();
        ref var owner = ref slab[found];
        owner.Life = ++lastLife;
        owner.Client = client.Index;
        owner.Kind = kind;
        owner.Confirmed = client.MinorVersion != 0 || kind == StateKind.Lock;
        SetName(found, name);
        index.Add(found, HashOf(client.Index, kind, name));
        owner.ClientNext = client.FirstOwner;
        if (client.FirstOwner != 0)
            slab[client.FirstOwner].ClientPrevious = found;
        client.FirstOwner = found;
        client.Owners++;
        return found;
    }

    internal ReadOnlySpan<byte> NameOf(int owner)
    {
        ref var record = ref slab[owner];
        return record.NameLength == Overflow ? longNames[owner] : ((ReadOnlySpan<byte>)record.Name)[..record.NameLength];
    }

    /// <summary>Stateids of this owner may be used: it is confirmed.</summary>
    internal bool IsUsable(int owner) => slab[owner].Confirmed;

    internal void StateCame(int owner, int at)
    {
        ref var record = ref slab[owner];
        ref var added = ref nfs4.States[at];
        added.OwnerNext = record.FirstState;
        if (record.FirstState != 0)
            nfs4.States[record.FirstState].OwnerPrevious = at;
        record.FirstState = at;
        record.States++;
        RemoveIdle(owner);
    }

    /// <summary>A state of the owner is about to be no more; its own fields are cleared already, but its links in the owner's list are given.</summary>
    internal void StateLeaves(int owner, ref StateRecord leaving)
    {
        ref var record = ref slab[owner];
        if (leaving.OwnerPrevious == 0)
            record.FirstState = leaving.OwnerNext;
        else
            nfs4.States[leaving.OwnerPrevious].OwnerNext = leaving.OwnerNext;
        if (leaving.OwnerNext != 0)
            nfs4.States[leaving.OwnerNext].OwnerPrevious = leaving.OwnerPrevious;
        record.States--;
    }

    /// <summary>The owner is needed for a while although it may hold nothing: a request of it stands in line, or is executed.</summary>
    internal void Pin(int owner) => slab[owner].Pins++;

    internal void Unpin(int owner)
    {
        slab[owner].Pins--;
        Settle(owner);
    }

    /// <summary>
    /// An owner that has nothing goes; an open owner of minor version 0 stays for a while, because its seqid and its last answer are its own.
    /// </summary>
    internal void Settle(int owner)
    {
        ref var record = ref slab[owner];
        bool keeps = record.States > (record.LastClosed == 0 ? 0 : 1) || record.Pins != 0 || record.Busy;
        if (keeps || record.Idle)
            return;
        var client = nfs4.Clients.At(record.Client);
        if (client.MinorVersion != 0 || record.Kind == StateKind.Lock || client.IsDead)
        {
            Drop(owner);
            return;
        }
        record.Idle = true;
        idle.Push(owner);
        if (idle.Count > state.Options.IdleOwners)
            DropIdle(1);
    }

    /// <summary>The open was closed by the operation that is executed: its number is kept for a retransmission until the next one.</summary>
    internal void Closed(int owner, int at) => slab[owner].LastClosed = at;

    /// <summary>Takes out an owner that holds nothing.</summary>
    internal void Drop(int owner)
    {
        ref var record = ref slab[owner];
        DropClosed(owner);
        RemoveIdle(owner);
        var client = nfs4.Clients.At(record.Client);
        if (record.ClientPrevious == 0)
            client.FirstOwner = record.ClientNext;
        else
            slab[record.ClientPrevious].ClientNext = record.ClientNext;
        if (record.ClientNext != 0)
            slab[record.ClientNext].ClientPrevious = record.ClientPrevious;
        client.Owners--;
        longNames.Remove(owner);
        if (replies.Remove(owner, out var reply))
            replyPool.Push(reply);
        index.Remove(owner);
        slab.Give(owner);
    }

    private Nfs4Status Begin(int owner, uint seqid, bool fresh, ref SeqidUse use)
    {
        ref var record = ref slab[owner];
        if (record.Busy)
            return Nfs4Status.Delay;
        if (!fresh && seqid == record.Seqid && replies.TryGetValue(owner, out var kept))
        {
            use.Reply = kept.Bytes;
            return Nfs4Status.Replay;
        }
        if (!fresh && seqid != record.Seqid + 1)
            return Nfs4Status.BadSeqId;
        record.Busy = true;
        RemoveIdle(owner);
        DropClosed(owner);
        use.Owner = owner;
        use.Life = record.Life;
        use.Seqid = seqid;
        return Nfs4Status.Ok;
    }

    private void Keep(int owner, ReadOnlySpan<byte> reply)
    {
        if (!replies.TryGetValue(owner, out var kept))
            replies.Add(owner, kept = replyPool.TryPop(out var used) ? used : new OwnerReply());
        kept.Set(reply);
    }

    /// <summary>The statuses after which the client sends the same seqid again.</summary>
    private static bool Advances(uint status) => (Nfs4Status)status is not (
        Nfs4Status.StaleClientId or Nfs4Status.StaleStateId or Nfs4Status.BadStateId or Nfs4Status.BadSeqId or Nfs4Status.BadXdr
        or Nfs4Status.Resource or Nfs4Status.NoFileHandle or Nfs4Status.Moved);

    /// <summary>An owner that was never confirmed starts anew (RFC 7530 §16.18.5).</summary>
    private void ForgetOpens(in GateScope gate, int owner)
    {
        ref var record = ref slab[owner];
        record.Busy = true;
        DropClosed(owner);
        for (int at = record.FirstState; at != 0;)
        {
            int next = nfs4.States[at].OwnerNext;
            if (nfs4.States[at].Revoked == Revocation.None && nfs4.States[at].Seat != 0)
                nfs4.Opens.CloseAll(gate, at);
            at = next;
        }
        record.Busy = false;
        record.Begun = false;
    }

    private void DropClosed(int owner)
    {
        int closed = slab[owner].LastClosed;
        if (closed == 0)
            return;
        bool was = slab[owner].Busy;
        slab[owner].Busy = true;
        slab[owner].LastClosed = 0;
        nfs4.States.Free(closed);
        slab[owner].Busy = was;
    }

    private void DropIdle(int count)
    {
        for (; count > 0 && idle.First != 0; count--)
            Drop(idle.First);
    }

    private void RemoveIdle(int owner)
    {
        ref var record = ref slab[owner];
        if (!record.Idle)
            return;
        record.Idle = false;
        idle.Remove(owner);
    }

    private void SetName(int owner, ReadOnlySpan<byte> name)
    {
        ref var record = ref slab[owner];
        if (name.Length > OwnerRecord.InlineName)
        {
            record.NameLength = Overflow;
            longNames[owner] = name.ToArray();
            return;
        }
        record.NameLength = (byte)name.Length;
        name.CopyTo(record.Name);
    }

    private static int HashOf(int client, StateKind kind, ReadOnlySpan<byte> name)
    {
        var hash = new HashCode();
        hash.Add(client);
        hash.Add((int)kind);
        hash.AddBytes(name);
        return hash.ToHashCode();
    }
}
