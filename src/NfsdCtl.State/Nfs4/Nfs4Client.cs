using NfsdCtl.State.Clients;

namespace NfsdCtl.State.Nfs4;

/// <summary>A client record. Owned by the state; others read what never changes and hand it back.</summary>
public sealed class Nfs4Client
{
    private long keptReplies;
    private readonly byte[] owner;
    private long renewed;
    private uint flags;
    private volatile bool dead;
    private long adminRevoked;
    private long expiredRevoked;
    private long adminOpens;
    private long expiredOpens;

    internal Nfs4Client(ServerState state, Host host, ulong id, int index, uint minorVersion, byte[] owner)
    {
        this.owner = owner;
        Host = host;
        Id = id;
        Index = index;
        MinorVersion = minorVersion;
        renewed = state.Now;
        Began = state.Now;
        Timer = new LeaseTimer(state, this);
    }

    /// <summary>clientid4: the life of the server, and a number within it.</summary>
    public ulong Id { get; }

    /// <summary>The server address that it uses.</summary>
    public NetAddress Server => Host.Server;

    /// <summary>0, or 1 for every later minor version: those share client ids.</summary>
    public uint MinorVersion { get; }

    /// <summary>The owner string as the client sent it.</summary>
    public ReadOnlyMemory<byte> Owner => owner;

    /// <summary>Where it last said from who it is.</summary>
    public NetAddress Address { get; internal set; }

    /// <summary>Where it called from when the record was made.</summary>
    internal NetAddress Origin { get; init; }

    /// <summary>r_netid and r_addr of a client of minor version 0, as it sent them.</summary>
    public ReadOnlyMemory<byte> CallbackNetId { get; internal set; }

    public ReadOnlyMemory<byte> CallbackAddress { get; internal set; }

    /// <summary>cb_program of a client of minor version 0; 0 when it takes no call-backs.</summary>
    public uint CallbackProgram { get; internal set; }

    public uint CallbackIdent { get; internal set; }

    /// <summary>It is no more: its stateids and sessions mean nothing.</summary>
    public bool IsDead
    {
        get => dead;
        internal set => dead = value;
    }

    internal Host Host { get; }

    internal int Index { get; }

    internal ulong Verifier { get; set; }

    internal Principal Principal { get; set; }

    internal bool Confirmed { get; set; }

    /// <summary>nii_domain and nii_name, for reports.</summary>
    internal string ImplementationDomain { get; set; } = "";

    internal string ImplementationName { get; set; } = "";

    /// <summary>The minor version of its last EXCHANGE_ID: a Linux client answers call-backs of no other.</summary>
    public uint SeenMinorVersion { get; internal set; }

    /// <summary>setclientid_confirm, minor version 0.</summary>
    internal ulong ConfirmVerifier { get; set; }

    /// <summary>What CREATE_SESSION has to say next, and the answer to what it said last.</summary>
    internal uint NextSequence { get; set; } = 1;

    internal CreateSessionResult LastSession { get; set; }

    internal List<Nfs4Session> Sessions { get; } = [];

    /// <summary>Copies under way, and those whose result it has not been told.</summary>
    internal List<Offload> Offloads { get; } = [];

    /// <summary>RECLAIM_COMPLETE for all filesystems came.</summary>
    internal bool ReclaimComplete { get; set; }

    /// <summary>CB_NULL went through, or nobody has tried; minor version 0.</summary>
    internal bool CallbackUp { get; set; }

    internal LeaseTimer Timer { get; }

    /// <summary>The bytes in replies that the slots of its sessions keep.</summary>
    internal long KeptReplies => Volatile.Read(ref keptReplies);

    internal void NoteKept(long change) => Interlocked.Add(ref keptReplies, change);

    internal long Began { get; }

    /// <summary>Stateids, revoked and closed ones included.</summary>
    internal int States { get; set; }

    internal int Opens { get; set; }

    internal int Owners { get; set; }

    internal int FirstOwner { get; set; }

    /// <summary>The first of the revoked stateids that the client has not freed.</summary>
    internal int FirstTombstone { get; set; }

    /// <summary>Who waits for what it holds was told that its lease ran out.</summary>
    internal bool Lapsed { get; set; }

    internal long RevokedAt { get; set; }

    /// <summary>A session has a connection for call-backs.</summary>
    internal bool HasBackChannel => MinorVersion != 0 && Sessions.Exists(static s => s.HasBackChannel);

    internal long Revoked => adminRevoked + expiredRevoked;

    internal long AdminRevoked => adminRevoked;

    /// <summary>It has freed every open that was revoked, or a lock state under it.</summary>
    internal bool HasAcknowledged => adminOpens + expiredOpens == 0;

    /// <summary>When it last renewed its lease: written outside of the gate as well.</summary>
    internal long Renewed => Volatile.Read(ref renewed);

    /// <summary>What SEQUENCE tells about the client as a whole.</summary>
    internal SequenceFlags Flags => (SequenceFlags)Volatile.Read(ref flags);

    internal void Renew(long now) => Volatile.Write(ref renewed, now);

    /// <summary>
    /// Stateids were revoked, or freed by the client (negative). A client is told by its opens alone: no lock state is lost without the open it is under, and
    /// a Linux client frees one of the two.
    /// </summary>
    internal void NoteRevoked(Revocation why, long states, long opens)
    {
        if (why == Revocation.Admin)
            (adminRevoked, adminOpens) = (adminRevoked + states, adminOpens + opens);
        else
            (expiredRevoked, expiredOpens) = (expiredRevoked + states, expiredOpens + opens);
        LostState |= why != Revocation.Admin && states > 0;
        RefreshFlags();
    }

    /// <summary>Its lease ran out and somebody took what it held; until it says anew who it is.</summary>
    internal bool LostState { get; set; }

    internal void RefreshFlags()
    {
        var now = adminOpens == 0 ? SequenceFlags.None : SequenceFlags.AdminStateRevoked;
        if (expiredOpens != 0)
            now |= States > Revoked ? SequenceFlags.ExpiredSomeStateRevoked : SequenceFlags.ExpiredAllStateRevoked;
        bool hadPath = false;
        bool hasPath = false;
        foreach (var session in Sessions)
        {
            hadPath |= session.HadBackChannel;
            hasPath |= session.HasBackChannel;
        }
        if (hadPath && !hasPath)
            now |= SequenceFlags.CallbackPathDown;
        Volatile.Write(ref flags, (uint)now);
    }
}

/// <summary>Looks at a client when its lease would end, and again when it may be courteous no longer.</summary>
internal sealed class LeaseTimer(ServerState state, Nfs4Client client) : Timed
{
    public override void Fire(in GateScope gate) => state.Nfs4.Clients.LeaseDue(gate, client);
}
