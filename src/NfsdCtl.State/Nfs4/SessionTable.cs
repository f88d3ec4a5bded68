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
/// Sessions by id. <see cref="Begin"/> and <see cref="End"/> take no gate: each session has its own small lock, held for the time of
/// looking at one slot, so compounds of different sessions share nothing, and renewing the lease is one store.
/// </summary>
public sealed partial class SessionTable
{
    private readonly ServerState state;
    private readonly Nfs4State nfs4;

    internal SessionTable(ServerState state, Nfs4State nfs4)
    {
        this.state = state;
        this.nfs4 = nfs4;
    }

    /// <summary>
    /// SEQUENCE. Outside of the gate; allocates nothing. Renews the lease. Statuses: Ok, Replay (answer with <see cref="SlotUse.Reply"/>),
    /// RetryUncachedReply (answer SEQUENCE with Ok and, if there is a next operation, that one with this status, and execute
    /// nothing), BadSession, BadSlot, SequenceMisordered, SequenceFalseRetry, Delay (the first is still executed).
    /// After each of the first three, <see cref="End"/> is due.
    /// </summary>
    public Nfs4Status Begin(in SequenceRequest request, out SlotUse use) => throw new NotImplementedException();

    /// <summary>
    /// The compound is answered: keeps <paramref name="reply"/> (the whole COMPOUND result, from its status on) where the client asked
    /// for it, and lets the slot go on. Outside of the gate. Safe to call with an unused <paramref name="use"/>.
    /// </summary>
    public void End(ref SlotUse use, ReadOnlySpan<byte> reply) => throw new NotImplementedException();

    /// <summary>The session, for BIND_CONN_TO_SESSION and BACKCHANNEL_CTL. Statuses: Ok, BadSession.</summary>
    public Nfs4Status Find(in GateScope gate, NetAddress server, SessionId id, out Nfs4Session? session) => throw new NotImplementedException();

    /// <summary>
    /// DESTROY_SESSION. Statuses: Ok, BadSession, Delay (another request of it is still executed).
    /// </summary>
    /// <param name="own">The session of the compound itself, or null: its own slot does not count as a request.</param>
    public Nfs4Status Destroy(in GateScope gate, NetAddress server, SessionId id, Nfs4Session? own) => throw new NotImplementedException();

    /// <summary>A connection that carries call-backs of the session came (true), or the last one went (false).</summary>
    public void BackChannel(in GateScope gate, Nfs4Session session, bool up) => throw new NotImplementedException();
}
