using NfsdCtl.State.Nfs4.Sessions;

namespace NfsdCtl.State.Nfs4;

/// <summary>channel_attrs4 without RDMA. Sizes in bytes, of whole RPC messages.</summary>
public record struct ChannelAttributes(
    uint HeaderPad, uint MaxRequest, uint MaxResponse, uint MaxCachedResponse, uint MaxOperations, uint MaxRequests);

/// <summary>CREATE_SESSION (RFC 8881 §18.36).</summary>
public struct CreateSessionRequest
{
    public NetAddress Server;
    public Principal Principal;
    public ulong ClientId;
    public uint Sequence;
    public ChannelAttributes Fore;
    public ChannelAttributes Back;
    public uint CallbackProgram;

    /// <summary>The connection of the call is to carry call-backs (CREATE_SESSION4_FLAG_CONN_BACK_CHAN).</summary>
    public bool BackChannel;

    /// <summary>The uid and gid for call-backs, from csa_sec_parms with AUTH_SYS.</summary>
    public uint CallbackUid;
    public uint CallbackGid;

    /// <summary>csa_sec_parms names AUTH_SYS; AUTH_NONE otherwise.</summary>
    public bool CallbackAuthSys;
}

/// <param name="Session">New, or that of the first try.</param>
/// <param name="Sequence">csr_sequence.</param>
/// <param name="BackChannel">csr_flags has CREATE_SESSION4_FLAG_CONN_BACK_CHAN.</param>
/// <param name="Fore">What was agreed.</param>
/// <param name="Back">What was agreed.</param>
/// <param name="Replayed">This is the answer of an earlier call again: bind no connection.</param>
public readonly record struct CreateSessionResult(
    Nfs4Session? Session, uint Sequence, bool BackChannel, ChannelAttributes Fore, ChannelAttributes Back, bool Replayed);

/// <summary>sessionid4.</summary>
/// <param name="ClientId">The first half: the client's id.</param>
/// <param name="Number">The second half: unique in this life of the server.</param>
public readonly record struct SessionId(ulong ClientId, ulong Number)
{
    /// <summary>Its length on the wire, in bytes.</summary>
    public const int Size = 16;

    public static SessionId Read(ReadOnlySpan<byte> sixteen) => new(
        System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(sixteen),
        System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(sixteen[8..]));

    public void Write(Span<byte> sixteen)
    {
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(sixteen, ClientId);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(sixteen[8..], Number);
    }
}

/// <summary>SEQUENCE (RFC 8881 §18.46).</summary>
public readonly struct SequenceRequest
{
    /// <summary>The local address of the call: a session belongs to one.</summary>
    public NetAddress Server { get; init; }
    public SessionId Session { get; init; }
    public uint Sequence { get; init; }
    public uint Slot { get; init; }

    /// <summary>sa_highest_slotid.</summary>
    public uint HighestSlot { get; init; }

    /// <summary>sa_cachethis.</summary>
    public bool CacheThis { get; init; }

    /// <summary>
    /// A checksum of the compound's arguments and its caller (<see cref="Replies.ReplyKey.Sum"/>), to tell a retransmission from another
    /// request under the same sequence (NFS4ERR_SEQ_FALSE_RETRY).
    /// </summary>
    public ulong Checksum { get; init; }

    /// <summary>The number of operations of the compound, SEQUENCE included.</summary>
    public uint Operations { get; init; }

    /// <summary>The length of the whole RPC message, in bytes.</summary>
    public uint RequestSize { get; init; }
}

/// <summary>sr_status_flags (RFC 8881 §18.46.3).</summary>
[Flags]
public enum SequenceFlags : uint
{
    None = 0,
    CallbackPathDown = 0x01,
    ExpiredAllStateRevoked = 0x08,
    ExpiredSomeStateRevoked = 0x10,
    AdminStateRevoked = 0x20,
    RecallableStateRevoked = 0x40,
    LeaseMoved = 0x80,
    RestartReclaimNeeded = 0x100,
    CallbackPathDownSession = 0x200,
    BackChannelFault = 0x400,
}

/// <summary>A slot in use. Made by <see cref="SessionTable.Begin"/>, ended by <see cref="SessionTable.End"/>, whatever happens.</summary>
public struct SlotUse
{
    internal Slot? Slot { get; set; }

    /// <summary>The session of the compound.</summary>
    public Nfs4Session? Session { get; internal set; }

    /// <summary>The request, as call-backs refer to it.</summary>
    public SlotCall Call { get; internal set; }

    /// <summary>With <see cref="Nfs4Status.Replay"/>: the whole COMPOUND result to send again. Valid until <see cref="SessionTable.End"/>.</summary>
    public ReadOnlyMemory<byte> Reply { get; internal set; }

    /// <summary>sr_highest_slotid.</summary>
    public uint HighestSlot { get; internal set; }

    /// <summary>sr_target_highest_slotid.</summary>
    public uint TargetHighestSlot { get; internal set; }

    public SequenceFlags Flags { get; internal set; }

    /// <summary>The reply is to be kept: it may have at most <see cref="Nfs4Session.Fore"/>.MaxCachedResponse bytes.</summary>
    public bool Keeps { get; internal set; }
}

/// <summary>
/// Sessions by id. <see cref="Begin"/> and <see cref="End"/> take no gate and no lock: a slot is taken by one exchange, so compounds share
/// nothing but what they share anyway, and renewing the lease is one store.
/// </summary>
public sealed partial class SessionTable
{
    /// <summary>The lower bits of a session's number are its place in the table.</summary>
    private const int PlaceBits = 20;

    /// <summary>No COMPOUND fits below this (RFC 8881 §18.36.3: NFS4ERR_TOOSMALL), in bytes.</summary>
    private const uint LeastMessage = 256;

    /// <summary>CB_SEQUENCE and one more, in bytes.</summary>
    private const uint LeastBackReply = 128;

    /// <summary>No session is asked to do with fewer slots.</summary>
    private const int LeastSlots = 4;

    /// <summary>The most call-backs at a time in one session.</summary>
    private const uint MaxBackSlots = 16;

    private readonly ServerState state;
    private readonly Nfs4State nfs4;
    private readonly Queue<int> freePlaces = new();
    private Nfs4Session?[] sessions = new Nfs4Session?[64];
    private int nextPlace = 1;
    private ulong lastNumber;
    private volatile int slotTarget;
    private long keptReplies;

    internal SessionTable(ServerState state, Nfs4State nfs4)
    {
        this.state = state;
        this.nfs4 = nfs4;
        SetTarget();
    }

    internal int Count { get; private set; }

    /// <summary>
    /// SEQUENCE. Outside of the gate; allocates nothing. Renews the lease. Statuses: Ok, Replay (answer with <see cref="SlotUse.Reply"/>),
    /// RetryUncachedReply (answer SEQUENCE with Ok and, if there is a next operation, that one with this status, and execute
    /// nothing), BadSession, BadSlot, BadHighSlot, SequenceMisordered, SequenceFalseRetry, RequestTooBig, TooManyOperations, Delay (the first is still executed).
    /// After each of the first three, <see cref="End"/> is due.
    /// </summary>
    public Nfs4Status Begin(in SequenceRequest request, out SlotUse use)
    {
        use = default;
        if (Lookup(request.Session) is not { } session || session.Client.Server != request.Server)
            return Nfs4Status.BadSession;
        if (request.Slot >= (uint)session.SlotCount)
            return Nfs4Status.BadSlot;
        if (request.HighestSlot < request.Slot)
            return Nfs4Status.BadHighSlot;
        // Before the slot: it stays as it was (§18.46.3).
        if (request.RequestSize > session.Fore.MaxRequest)
            return Nfs4Status.RequestTooBig;
        if (request.Operations > session.Fore.MaxOperations)
            return Nfs4Status.TooManyOperations;
        var slot = session.SlotAt(request.Slot);
        if (!slot.TryTake())
            return slot.IsBusy && slot.Sequence != request.Sequence ? Nfs4Status.SequenceMisordered : Nfs4Status.Delay;
        if (request.CacheThis && request.Sequence == slot.Sequence + 1 && KeepsTooMuch(session.Client))
        {
            slot.Release();
            return Nfs4Status.Delay;
        }
        // Destroyed before the slot was taken: who destroys looks at the slots after it said so.
        var status = session.IsDead ? Nfs4Status.BadSession : Enter(slot, request);
        if (status is not (Nfs4Status.Ok or Nfs4Status.Replay or Nfs4Status.RetryUncachedReply))
        {
            slot.Release();
            return status;
        }
        session.Client.Renew(state.Timestamp);
        use.Slot = slot;
        use.Session = session;
        use.Call = new SlotCall(request.Session, request.Slot, request.Sequence);
        use.Keeps = status == Nfs4Status.Ok && request.CacheThis;
        use.Reply = status == Nfs4Status.Replay ? slot.Reply : default;
        use.HighestSlot = (uint)session.SlotCount - 1;
        use.TargetHighestSlot = (uint)Math.Min(session.SlotCount, slotTarget) - 1;
        if (status == Nfs4Status.Ok)
            ForgetBeyond(session, slot, (int)use.TargetHighestSlot + 1, request.HighestSlot);
        use.Flags = session.Client.Flags | session.Flags;
        return status;
    }

    /// <summary>
    /// The compound is answered: keeps <paramref name="reply"/> (the whole COMPOUND result, from its status on) where the client asked
    /// for it and there is one, and lets the slot go on. Outside of the gate. Safe to call with an unused <paramref name="use"/>.
    /// </summary>
    public void End(ref SlotUse use, ReadOnlySpan<byte> reply)
    {
        if (use.Slot is not { } slot)
            return;
        if (use.Keeps && !reply.IsEmpty && !use.Session!.IsDead)
            NoteKept(use.Session, slot.Keep(reply, use.Session.Fore.MaxCachedResponse));
        slot.Release();
        use = default;
    }

    /// <summary>The session, for BIND_CONN_TO_SESSION and BACKCHANNEL_CTL. Statuses: Ok, BadSession.</summary>
    public Nfs4Status Find(in GateScope gate, NetAddress server, SessionId id, out Nfs4Session? session)
    {
        session = Lookup(id);
        if (session is not null && session.Client.Server == server)
            return Nfs4Status.Ok;
        session = null;
        return Nfs4Status.BadSession;
    }

    /// <summary>
    /// DESTROY_SESSION. Statuses: Ok, BadSession, Delay (another request of it is still executed).
    /// </summary>
    /// <param name="own">The session of the compound itself, or null: its own slot does not count as a request.</param>
    public Nfs4Status Destroy(in GateScope gate, NetAddress server, SessionId id, Nfs4Session? own)
    {
        if (Find(gate, server, id, out var session) != Nfs4Status.Ok)
            return Nfs4Status.BadSession;
        session!.IsDead = true;
        // A full fence between saying so and looking: a request takes its slot and then looks here.
        Interlocked.MemoryBarrier();
        if (session.IsBusy(session == own ? 1 : 0))
        {
            session.IsDead = false;
            return Nfs4Status.Delay;
        }
        Drop(session);
        session.Client.Sessions.Remove(session);
        session.Client.RefreshFlags();
        return Nfs4Status.Ok;
    }

    /// <summary>A connection that carries call-backs of the session came (true), or the last one went (false).</summary>
    public void BackChannel(in GateScope gate, Nfs4Session session, bool up)
    {
        if (session.IsDead || session.HasBackChannel == up)
            return;
        session.SetBackChannel(up);
        session.Client.RefreshFlags();
    }

    /// <summary>The client and this server do not agree about a slot of the back channel: the client has to make a new session.</summary>
    public void BackChannelFault(in GateScope gate, Nfs4Session session) => session.SetFault();

    /// <summary>BACKCHANNEL_CTL: other call-backs from now on.</summary>
    public void SetCallback(in GateScope gate, Nfs4Session session, uint program, (uint Uid, uint Gid)? user)
    {
        session.CallbackProgram = program;
        session.CallbackUser = user;
    }

    /// <summary>What both sides can bear. Statuses: Ok, TooSmall, Invalid.</summary>
    internal Nfs4Status Agree(in CreateSessionRequest request, out ChannelAttributes fore, out ChannelAttributes back)
    {
        var most = state.Options;
        fore = request.Fore with
        {
            HeaderPad = 0,
            MaxRequest = Math.Min(request.Fore.MaxRequest, most.MaxRequest),
            MaxResponse = Math.Min(request.Fore.MaxResponse, most.MaxRequest),
            MaxCachedResponse = Math.Min(request.Fore.MaxCachedResponse, most.MaxCachedReply),
            MaxOperations = Math.Min(request.Fore.MaxOperations, most.MaxOperations),
            MaxRequests = Math.Min(request.Fore.MaxRequests, (uint)Math.Min(most.MaxSlots, slotTarget)),
        };
        back = request.Back with { HeaderPad = 0, MaxRequests = Math.Min(request.Back.MaxRequests, MaxBackSlots) };
        if (fore.MaxRequests == 0 || back.MaxRequests == 0)
            return Nfs4Status.Invalid;
        bool fits = fore.MaxRequest >= LeastMessage && fore.MaxResponse >= LeastMessage && fore.MaxOperations != 0
            && back.MaxRequest >= LeastMessage && back.MaxResponse >= LeastBackReply && back.MaxOperations >= 2;
        return fits ? Nfs4Status.Ok : Nfs4Status.TooSmall;
    }

    /// <summary>Null when a bound is reached.</summary>
    internal Nfs4Session? Add(Nfs4Client client, in CreateSessionRequest request, in ChannelAttributes fore, in ChannelAttributes back)
    {
        if (client.Sessions.Count >= state.Options.MaxSessionsPerClient)
            return null;
        if (!freePlaces.TryDequeue(out int place))
        {
            if (nextPlace == 1 << PlaceBits)
                return null;
            place = nextPlace++;
        }
        var id = new SessionId(client.Id, ++lastNumber << PlaceBits | (uint)place);
        var session = new Nfs4Session(client, id, fore, back)
        {
            CallbackProgram = request.CallbackProgram,
            CallbackUser = request.CallbackAuthSys ? (request.CallbackUid, request.CallbackGid) : null,
        };
        if (place >= sessions.Length)
        {
            var grown = new Nfs4Session?[sessions.Length * 2];
            sessions.CopyTo(grown, 0);
            Volatile.Write(ref sessions, grown);
        }
        Volatile.Write(ref sessions[place], session);
        client.Sessions.Add(session);
        Count++;
        SetTarget();
        return session;
    }

    /// <summary>Its id means nothing any more. The client's list is the caller's to change.</summary>
    internal void Drop(Nfs4Session session)
    {
        session.IsDead = true;
        NoteKept(session, -session.KeptReplies);
        int place = (int)(session.Id.Number & ((1 << PlaceBits) - 1));
        Volatile.Write(ref sessions[place], null);
        freePlaces.Enqueue(place);
        Count--;
        SetTarget();
    }

    /// <summary>
    /// A client that sends the next request under a slot has read the last reply there, and from then on uses no slot beyond what that one asked for;
    /// with the highest that it has anything on its way in, it says what it will not ask for again (RFC 8881 §2.10.6.1).
    /// </summary>
    private void ForgetBeyond(Nfs4Session session, Slot slot, int target, uint highest)
    {
        int from = Math.Max(Math.Max(target, slot.Told), (int)Math.Min(highest, int.MaxValue - 1) + 1);
        if (slot.Told != 0 && from < session.SlotsUsed)
            NoteKept(session, -session.ForgetReplies(from));
        slot.Told = target;
    }

    private void NoteKept(Nfs4Session session, long change)
    {
        if (change == 0)
            return;
        session.NoteKept(change);
        Interlocked.Add(ref keptReplies, change);
    }

    /// <summary>
    /// Too much memory is in kept replies, and this client has more than its part of it: it is to wait until it, or others, have given some back.
    /// </summary>
    private bool KeepsTooMuch(Nfs4Client client)
    {
        long most = state.Options.MaxKeptReplies;
        return Volatile.Read(ref keptReplies) > most && client.KeptReplies > most / Math.Max(1, nfs4.Clients.Count);
    }

    /// <summary>How many slots a session is to use (sr_target_highest_slotid): fewer as sessions become more.</summary>
    private void SetTarget() => slotTarget = Math.Max(LeastSlots, state.Options.WantedSlots / Math.Max(1, Count));

    private Nfs4Session? Lookup(in SessionId id)
    {
        var table = Volatile.Read(ref sessions);
        uint place = (uint)id.Number & ((1 << PlaceBits) - 1);
        return place < (uint)table.Length && Volatile.Read(ref table[place]) is { } session && session.Id == id ? session : null;
    }

    /// <summary>The slot is taken: what is this request to the last one?</summary>
    private static Nfs4Status Enter(Slot slot, in SequenceRequest request)
    {
        uint last = slot.Sequence;
        if (request.Sequence == last + 1)
        {
            slot.Sequence = request.Sequence;
            slot.Checksum = request.Checksum;
            slot.Kept = false;
            return Nfs4Status.Ok;
        }
        if (request.Sequence != last || last == 0)
            return Nfs4Status.SequenceMisordered;
        if (request.Checksum != slot.Checksum)
            return Nfs4Status.SequenceFalseRetry;
        return slot.Kept ? Nfs4Status.Replay : Nfs4Status.RetryUncachedReply;
    }
}
