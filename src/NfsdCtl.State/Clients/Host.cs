using NfsdCtl.State.Records;

namespace NfsdCtl.State.Clients;

/// <summary>A client as seen through one server address (an NLM host).</summary>
internal sealed class Host(int index, NetAddress client, NetAddress server, byte[] callerName)
{
    public int Index { get; } = index;

    public NetAddress Server { get; } = server;

    public byte[] CallerName { get; } = callerName;

    public ClientName Name { get; } = new(client, System.Text.Encoding.UTF8.GetString(callerName));

    /// <summary>What it may hold things through now; released ones are not here any more.</summary>
    public List<Seat> Seats { get; } = [];

    /// <summary>Its records, one for each scope.</summary>
    public List<ClientEntry> Entries { get; } = [];

    public uint NsmState { get; set; }

    public long LastSeen { get; set; }

    /// <summary>Owners in the owner table, idle ones included.</summary>
    public int Owners { get; set; }

    public int Waiters { get; set; }

    /// <summary>The confirmed NFSv4 client of this name; null for an NLM host.</summary>
    public Nfs4.Nfs4Client? Nfs4 { get; set; }

    /// <summary>The NFSv4 client record of this name that is not confirmed yet.</summary>
    public Nfs4.Nfs4Client? Nfs4Pending { get; set; }
}

/// <summary>
/// One life of what a host holds on one filesystem through one export. Releasing it is setting <see cref="Dead"/>: that is the epoch
/// that every lock carries (by the index of its seat). A new seat is made for what the host takes next.
/// </summary>
internal sealed class Seat(int index, Host host, ClientEntry entry, uint exportTag)
{
    public int Index { get; } = index;

    public Host Host { get; } = host;

    public ClientEntry Entry { get; } = entry;

    public uint ExportTag { get; } = exportTag;

    public ScopeState Scope => Entry.Scope;

    public bool Dead { get; set; }

    /// <summary>Why its life ended, as NFSv4 clients are to be told.</summary>
    public Nfs4.Revocation Revoked { get; set; }

    /// <summary>Its place among the seats of its scope.</summary>
    public int Slot { get; set; }

    /// <summary>The client may come back for what was released, so who gets it instead must be noticed.</summary>
    public bool MarksReleased { get; set; }

    public long Locks { get; set; }

    public long Waiters { get; set; }

    public long Shares { get; set; }

    /// <summary>Opens of NFSv4.</summary>
    public long Opens { get; set; }

    /// <summary>Stateids of NFSv4, opens and lock states.</summary>
    public long States { get; set; }

    public int FirstState { get; set; }

    public int FirstLock { get; set; }

    public Locks.Waiter? FirstWaiter { get; set; }

    public Shares.ShareEntry? FirstShare { get; set; }

    public bool IsEmpty => Locks == 0 && Waiters == 0 && Shares == 0 && States == 0;
}

/// <summary>All that is known of one (server address, filesystem).</summary>
internal sealed class ScopeState(Scope scope)
{
    public Scope Scope { get; } = scope;

    public List<Seat> Seats { get; } = [];

    public List<ClientEntry> Entries { get; } = [];

    /// <summary>How often it was released: the epoch.</summary>
    public long Releases { get; set; }

    /// <summary>Clients that may reclaim here and have not finished.</summary>
    public int Missing { get; set; }

    /// <summary>Those of them that came with the disk, so that nobody knows which files they are about.</summary>
    public int Unsettled { get; set; }

    /// <summary>When a reclaim was last admitted; null: never.</summary>
    public long? LastReclaim { get; set; }

    /// <summary>What the windows say of this scope, valid while <see cref="VerdictVersion"/> is that of the table.</summary>
    public Grace.Verdict Verdict { get; set; }

    public long VerdictVersion { get; set; } = -1;
}

/// <summary>
/// The mirror of a durable client record, and what the client may still reclaim. Its due time is the end of its lingering.
/// </summary>
internal sealed class ClientEntry(ServerState state, int index, Host host, ScopeState scope) : Timed
{
    public int Index { get; } = index;

    public Host Host { get; } = host;

    public ScopeState Scope { get; } = scope;

    /// <summary>It is on disk.</summary>
    public bool Durable { get; set; }

    /// <summary>Removals of it that are on their way to the disk.</summary>
    public int Removals { get; set; }

    public bool Forgetting => Removals != 0;

    public int ForgetFailures { get; set; }

    /// <summary>It held locks in an earlier life, or they were released by an administrator.</summary>
    public bool MayReclaim { get; private set; }

    public bool Forfeited { get; private set; }

    /// <summary>What it may reclaim it held in another life of the server, or on another node: on which files, nobody here knows.</summary>
    public bool Loaded { get; private set; }

    /// <summary>
    /// It forfeited its reclaims and knows by now what it lost, since it freed the stateids (RFC 8881 §8.4.3) and said that it is done reclaiming:
    /// before it is granted anything new, its record must say again that it may reclaim. Clients of NLM and NFSv4.0 have no way to say so; theirs says it after the next window.
    /// </summary>
    public bool KnowsItsLoss => Forfeited && Host.Nfs4 is { MinorVersion: not 0, HasAcknowledged: true, ReclaimComplete: true };

    /// <summary>The record is to be written before something new, no reclaim, is granted.</summary>
    public bool IsOutdated => HeldNoted || KnowsItsLoss;

    /// <summary>The number of ranges on disk is about locks of before: it must be dropped before a new lock is granted.</summary>
    public bool HeldNoted { get; set; }

    /// <summary>An NFSv4 client said that it has reclaimed all it wants here (RECLAIM_COMPLETE): it may not go on in this window.</summary>
    public bool Completed { get; private set; }

    /// <summary>Lock ranges held before; null when unknown.</summary>
    public long? Expected { get; private set; }

    /// <summary>Lock ranges reclaimed since.</summary>
    public long Reclaimed { get; private set; }

    /// <summary>Lock ranges, waiters and NFSv4 opens of its live seats.</summary>
    public long Held { get; private set; }

    /// <summary>The first of the marks on files that it held locks on when they were released.</summary>
    public int FirstMark { get; set; }

    /// <summary>Tells its marks from those of an entry that had its index before; 0 when it has none.</summary>
    public ulong MarkLife { get; set; }

    public bool IsUnsettled => Loaded && Missing;

    public bool Missing => MayReclaim && !Forfeited && !(Reclaimed >= Expected);

    public bool Recordable => Durable && !Forgetting;

    /// <summary>A removal that is under way, or a record that is there, or anything held.</summary>
    public bool IsIdle => !Durable && !Forgetting && Held == 0 && !MayReclaim && FirstMark == 0;

    public void Hold(long change)
    {
        Held += change;
        if (Held == 0 && Durable)
            Linger();
        else if (Due != Never)
            Due = Never;
    }

    /// <summary>Starts the time after which the record goes, unless the client may come back for something.</summary>
    public void Linger()
    {
        if (Held == 0 && Recordable && !MayReclaim)
            state.Agenda.Set(this, state.After(state.Options.Linger));
    }

    /// <summary>From now on <paramref name="expected"/> ranges may be reclaimed (null: nobody knows how many).</summary>
    /// <param name="loaded">They are of another life of the server.</param>
    public void AllowReclaim(long? expected, bool loaded = false)
    {
        var was = Standing;
        MayReclaim = true;
        Loaded |= loaded;
        Completed = false;
        Expected = expected;
        Reclaimed = 0;
        Count(was);
        Due = Never;
    }

    /// <summary>Counts what came back. A client that will say itself when it is done (RECLAIM_COMPLETE) is not done by number.</summary>
    public void NoteReclaimed(long ranges)
    {
        if (Host.Nfs4 is { MinorVersion: not 0 })
            return;
        var was = Standing;
        Reclaimed += ranges;
        Count(was);
    }

    /// <summary>RECLAIM_COMPLETE: nothing more is expected of it, nor admitted, until it loses its state again.</summary>
    public void Complete()
    {
        var was = Standing;
        Completed = true;
        MayReclaim = false;
        state.Releases.DropMarks(this);
        Count(was);
    }

    public void Forfeit()
    {
        var was = Standing;
        Forfeited = true;
        state.Releases.DropMarks(this);
        Count(was);
    }

    public void EndReclaim()
    {
        var was = Standing;
        MayReclaim = false;
        Loaded = false;
        Completed = false;
        Expected = null;
        Reclaimed = 0;
        HeldNoted = false;
        Forfeited = false;
        state.Releases.DropMarks(this);
        Count(was);
        Linger();
    }

    /// <summary>The linger time is over, or a removal that failed is tried again.</summary>
    public override void Fire(in GateScope gate)
    {
        if (Held == 0 && Durable && !MayReclaim)
            state.Clients.Forget(this);
    }

    private (bool Missing, bool Unsettled) Standing => (Missing, IsUnsettled);

    private void Count((bool Missing, bool Unsettled) was)
    {
        if (was == Standing)
            return;
        Scope.Missing += Change(was.Missing, Missing);
        Scope.Unsettled += Change(was.Unsettled, IsUnsettled);
        state.Clients.Unsettled += Change(was.Unsettled, IsUnsettled);
        if (was.Missing && !Missing)
            state.Grace.NoteComplete();
    }

    private static int Change(bool was, bool now) => (now ? 1 : 0) - (was ? 1 : 0);
}
