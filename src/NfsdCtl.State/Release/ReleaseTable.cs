using NfsdCtl.State.Clients;
using NfsdCtl.State.Locks;
using NfsdCtl.State.Nfs4;
using NfsdCtl.State.Records;
using NfsdCtl.State.Shares;

namespace NfsdCtl.State.Release;

/// <summary>What to release. Parts that are not given select everything; those given must all match.</summary>
public readonly record struct ReleaseSelector
{
    /// <summary>A server address, or any.</summary>
    public NetAddress Server { get; init; }

    public FsId FileSystem { get; init; }

    /// <summary>A client address, or any: that client is gone, and will not reclaim.</summary>
    public NetAddress Client { get; init; }

    /// <summary>Only what came in through one of these exports; null for all.</summary>
    public IReadOnlySet<uint>? ExportTags { get; init; }

    public static ReleaseSelector Address(NetAddress server) => new() { Server = server };

    public static ReleaseSelector Of(FsId fileSystem) => new() { FileSystem = fileSystem };

    internal bool Selects(Seat seat) => Selects(seat.Host, seat.ExportTag);

    internal bool Selects(Host host, uint exportTag) =>
        (Client.IsWildcard || host.Name.Address == Client) && (ExportTags is null || ExportTags.Contains(exportTag));

    internal Scope Scope => new(Server, FileSystem);
}

/// <summary>What a release took, exactly.</summary>
/// <param name="Clients">Hosts that lost anything.</param>
/// <param name="Opens">Opens of NFSv4.</param>
/// <param name="Sessions">Sessions of NFSv4 clients that are gone altogether.</param>
public readonly record struct ReleaseCounts(long Locks, long Waiters, long Shares, int Clients, long Opens = 0, int Sessions = 0)
{
    public static ReleaseCounts operator +(ReleaseCounts a, ReleaseCounts b) => new(
        a.Locks + b.Locks, a.Waiters + b.Waiters, a.Shares + b.Shares, a.Clients + b.Clients, a.Opens + b.Opens, a.Sessions + b.Sessions);
}

/// <summary>A file on which a client held locks when they were released, while it may still reclaim them.</summary>
internal struct ReleaseMark : ISlabItem
{
    public ulong Life;
    public int File;
    public int Entry;
    public int FileNext;
    public int FilePrevious;
    public int EntryNext;

    /// <summary>It held locks; <see cref="Write"/> tells the stronger kind.</summary>
    public bool Locked;
    public bool Write;

    /// <summary>It had the file open with these.</summary>
    public ShareAccess Access;
    public ShareDeny Deny;

    public int FreeNext
    {
        readonly get => EntryNext;
        set => EntryNext = value;
    }
}

/// <summary>
/// Releases, and the sweep behind them. A release ends the lives of seats: what they hold is as if it were not there from that
/// moment, and is taken out of the table in slices by later gate entries.
/// </summary>
public sealed class ReleaseTable
{
    private const int MaxMarks = 4_000_000;

    private readonly ServerState state;
    private readonly Queue<Seat> swept = new();
    private readonly Slab<ReleaseMark> marks = new(MaxMarks);
    private readonly Stack<int> droppedMarks = new();
    private readonly Queue<Nfs4Client> goneClients = new();
    private readonly HashSet<NetAddress> served = [];
    private readonly HashSet<int> hosts = [];
    private readonly Dictionary<ClientEntry, long> lost = [];
    private ulong lastLife;

    internal ReleaseTable(ServerState state) => this.state = state;

    internal bool Pending => swept.Count != 0 || droppedMarks.Count != 0 || goneClients.Count != 0;

    internal long Unswept { get; private set; }

    /// <summary>
    /// Drops everything selected at once, however much it is; the table is swept in slices by later gate entries, and those who
    /// waited behind it are granted by them. The same clients may lock anew right away. Effects: NoteHeld for each client on record.
    /// Costs O(clients), not O(locks).
    /// </summary>
    /// <param name="dryRun">Only count.</param>
    public ReleaseCounts Release(in GateScope gate, in ReleaseSelector selector, bool dryRun)
    {
        var counts = default(ReleaseCounts);
        hosts.Clear();
        var scopes = selector.Scope;
        foreach (var scope in state.Hosts.Scopes)
        {
            if (scopes.Covers(scope.Scope))
                counts += ReleaseScope(scope, selector, dryRun);
        }
        if (!dryRun)
            state.Nfs4.Offloads.Release(selector);
        state.Grace.EndComplete(gate);
        return counts;
    }

    /// <summary>True while slices of a release are left; the gate is due at once.</summary>
    public bool SweepPending(in GateScope gate) => Pending;

    /// <summary>A call came in through this server address (noted once per connection or sender).</summary>
    public void NoteServed(in GateScope gate, NetAddress server) => served.Add(server);

    /// <summary>Whether any call ever came in through this address.</summary>
    public bool WasServed(in GateScope gate, NetAddress server) => served.Contains(server);

    /// <param name="mayReclaim">Its rights to reclaim in a window stay.</param>
    internal ReleaseCounts ReleaseHost(Host host, bool mayReclaim = false)
    {
        hosts.Clear();
        var counts = default(ReleaseCounts);
        while (host.Seats.Count > 0)
            counts += End(host.Seats[^1], false, Revocation.Expired);
        foreach (var entry in host.Entries)
        {
            if (!mayReclaim || !entry.MayReclaim)
                Expire(entry);
        }
        return counts;
    }

    /// <summary>The lease of an NFSv4 client ran out, and somebody wants what it holds in one scope: it is gone there for good.</summary>
    internal void RevokeExpired(in GateScope gate, ClientEntry entry)
    {
        for (int i = entry.Host.Seats.Count - 1; i >= 0; i--)
        {
            if (entry.Host.Seats[i].Entry == entry)
                End(entry.Host.Seats[i], false, Revocation.Expired);
        }
        entry.EndReclaim();
        state.Grace.EndComplete(gate);
    }

    /// <summary>The same where nobody waits for the disk: an effect ForgetExpired asks for it.</summary>
    internal void AskToForget(in GateScope gate, ClientEntry entry)
    {
        if (entry.Durable)
            state.Add(new Effect(EffectKind.ForgetExpired, entry.Index, Scope: entry.Scope.Scope, Client: entry.Host.Name));
        else
            RevokeExpired(gate, entry);
    }

    /// <summary>The client is to lose what it may reclaim, where nobody waits for the disk.</summary>
    internal void AskToForfeit(ClientEntry entry) =>
        state.Add(new Effect(EffectKind.Forfeit, entry.Index, Scope: entry.Scope.Scope, Client: entry.Host.Name));

    /// <summary>An NFSv4 client is no more: what is left of it is taken out in slices.</summary>
    internal void SweepClient(Nfs4Client client) => goneClients.Enqueue(client);

    /// <summary>A client other than <paramref name="asking"/> that may still reclaim a conflicting lock on the file; or null.</summary>
    /// <param name="file">0 when nothing is known of the file.</param>
    internal ClientEntry? ReleasedFrom(FsId fileSystem, int file, LockKind kind, ClientEntry asking)
    {
        if (file == 0)
            return state.Clients.UnsettledOn(fileSystem, asking);
        for (int at = state.Locks.Files[file].FirstMark; at != 0; at = marks[at].FileNext)
        {
            ref var mark = ref marks[at];
            if (mark.Locked && (mark.Write || kind == LockKind.Write) && Owner(ref mark) is { MayReclaim: true, Forfeited: false } entry && entry != asking)
                return entry;
        }
        return state.Clients.UnsettledOn(fileSystem, asking);
    }

    /// <summary>A client other than <paramref name="asking"/> that may still reclaim an open that stands against these shares; or null.</summary>
    /// <param name="file">0 when nothing is known of the file.</param>
    internal ClientEntry? ReleasedFrom(FsId fileSystem, int file, ShareAccess access, ShareDeny deny, ClientEntry? asking)
    {
        // Who only reads, and denies nothing, takes nothing from anybody.
        bool takes = (access & ShareAccess.Write) != 0 || deny != ShareDeny.None;
        if (file == 0)
            return takes ? state.Clients.UnsettledOn(fileSystem, asking) : null;
        for (int at = state.Locks.Files[file].FirstMark; at != 0; at = marks[at].FileNext)
        {
            ref var mark = ref marks[at];
            bool conflicts = (((byte)mark.Access & (byte)deny) | ((byte)mark.Deny & (byte)access)) != 0;
            if (conflicts && Owner(ref mark) is { MayReclaim: true, Forfeited: false } entry && entry != asking)
                return entry;
        }
        return takes ? state.Clients.UnsettledOn(fileSystem, asking) : null;
    }

    /// <summary>A dead lock is about to be taken out: its client may come back for it.</summary>
    internal void Mark(int file, ref LockNode node)
    {
        Unswept--;
        var seat = state.Hosts.SeatAt(node.Seat);
        if (!seat.MarksReleased || seat.Entry is not { MayReclaim: true, Forfeited: false } entry)
            return;
        int at = MarkOf(file, entry);
        if (at == 0)
            return;
        marks[at].Locked = true;
        marks[at].Write |= node.Kind == LockKind.Write;
    }

    /// <summary>The same for a dead open.</summary>
    internal void Mark(int file, Seat seat, ShareAccess access, ShareDeny deny)
    {
        if (!seat.MarksReleased || seat.Entry is not { MayReclaim: true, Forfeited: false } entry)
            return;
        int at = MarkOf(file, entry);
        if (at == 0)
            return;
        marks[at].Access |= access;
        marks[at].Deny |= deny;
    }

    /// <summary>The client's mark on the file; 0 when there is no room: then it has lost its right.</summary>
    private int MarkOf(int file, ClientEntry entry)
    {
        ref var record = ref state.Locks.Files[file];
        if (record.FirstMark != 0 && Owner(ref marks[record.FirstMark]) == entry)
            return record.FirstMark;
        if (marks.Available == 0)
        {
            // What cannot be remembered cannot be reclaimed.
            entry.Forfeit();
            AskToForfeit(entry);
            return 0;
        }
        int at = marks.Take();
        ref var mark = ref marks[at];
        mark.File = file;
        mark.Entry = entry.Index;
        mark.Life = entry.MarkLife == 0 ? entry.MarkLife = ++lastLife : entry.MarkLife;
        mark.EntryNext = entry.FirstMark;
        entry.FirstMark = at;
        mark.FileNext = record.FirstMark;
        if (record.FirstMark != 0)
            marks[record.FirstMark].FilePrevious = at;
        record.FirstMark = at;
        return at;
    }

    /// <summary>The client will not come back: its marks mean nothing from now on, and are taken out in slices.</summary>
    internal void DropMarks(ClientEntry entry)
    {
        if (entry.FirstMark != 0)
            droppedMarks.Push(entry.FirstMark);
        entry.FirstMark = 0;
        entry.MarkLife = 0;
    }

    /// <summary>One slice.</summary>
    internal void Sweep(in GateScope gate)
    {
        for (int budget = state.Options.SweepSlice; budget > 0 && Pending; budget--)
        {
            if (droppedMarks.TryPop(out int mark))
                RemoveMark(mark);
            else if (swept.Count == 0)
                SweepOne(goneClients.Peek());
            else
                SweepOne(swept.Peek());
        }
    }

    private ReleaseCounts ReleaseScope(ScopeState scope, in ReleaseSelector selector, bool dryRun)
    {
        var counts = default(ReleaseCounts);
        bool expires = !selector.Client.IsWildcard;
        lost.Clear();
        for (int i = scope.Seats.Count - 1; i >= 0; i--)
        {
            var seat = scope.Seats[i];
            if (!selector.Selects(seat))
                continue;
            if (dryRun)
            {
                counts += Count(seat);
                continue;
            }
            lost[seat.Entry] = lost.GetValueOrDefault(seat.Entry) + seat.Locks + seat.Opens;
            counts += End(seat, seat.Entry.Durable && !expires, Revocation.Admin);
        }
        if (dryRun)
            return counts;
        scope.Releases++;
        bool whole = selector.ExportTags is null;
        foreach (var entry in scope.Entries)
        {
            if (expires && entry.Host.Name.Address == selector.Client)
                Expire(entry);
            else if (!expires && entry.Durable && (whole || lost.ContainsKey(entry)))
                NoteLost(entry, lost.GetValueOrDefault(entry));
        }
        return counts;
    }

    private void Expire(ClientEntry entry)
    {
        entry.EndReclaim();
        state.Clients.Forget(entry);
    }

    /// <summary>What was lost now, and what was lost before and not reclaimed yet, may be reclaimed in a later window.</summary>
    private void NoteLost(ClientEntry entry, long locks)
    {
        long? expected = !entry.MayReclaim ? locks : entry.Expected is { } before ? locks + Math.Max(0, before - entry.Reclaimed) : null;
        if (expected is not 0)
            entry.AllowReclaim(expected);
        entry.HeldNoted = true;
        if (expected is { } count)
            state.Add(new Effect(EffectKind.NoteHeld, entry.Index, Scope: entry.Scope.Scope, Client: entry.Host.Name, Value: count));
    }

    private ReleaseCounts Count(Seat seat) =>
        seat.IsEmpty ? default : new(seat.Locks, seat.Waiters, seat.Shares, hosts.Add(seat.Host.Index) ? 1 : 0, seat.Opens);

    private ReleaseCounts End(Seat seat, bool mayComeBack, Revocation why)
    {
        var counts = Count(seat);
        seat.MarksReleased = mayComeBack;
        seat.Revoked = why;
        state.Hosts.Detach(seat);
        state.Locks.Ranges.ReleaseSeat(seat);
        state.Locks.ReleaseSeatWaiters(seat);
        state.Shares.ReleaseSeat(seat);
        state.Nfs4.States.ReleaseSeat(seat);
        if (seat.Locks + seat.Waiters + seat.Opens != 0)
            seat.Entry.Hold(-(seat.Locks + seat.Waiters + seat.Opens));
        Unswept += seat.Locks;
        swept.Enqueue(seat);
        return counts;
    }

    private void SweepOne(Seat seat)
    {
        if (seat.FirstLock != 0)
            state.Locks.RemoveDead(seat.FirstLock);
        else if (seat.FirstWaiter is { } waiter)
            state.Locks.RemoveDead(waiter);
        else if (seat.FirstShare is { } share)
            state.Shares.Remove(share);
        else if (seat.FirstState != 0)
            state.Nfs4.States.Bury(seat.FirstState);
        else
            state.Hosts.Free(swept.Dequeue());
    }

    private void SweepOne(Nfs4Client client)
    {
        if (client.FirstTombstone != 0)
            state.Nfs4.States.Free(client.FirstTombstone);
        else if (client.FirstOwner != 0)
            state.Nfs4.Owners.Drop(client.FirstOwner);
        else
            state.Nfs4.Clients.FreeIndex(goneClients.Dequeue());
    }

    private void RemoveMark(int at)
    {
        ref var mark = ref marks[at];
        if (mark.EntryNext != 0)
            droppedMarks.Push(mark.EntryNext);
        int file = mark.File;
        if (mark.FilePrevious == 0)
            state.Locks.Files[file].FirstMark = mark.FileNext;
        else
            marks[mark.FilePrevious].FileNext = mark.FileNext;
        if (mark.FileNext != 0)
            marks[mark.FileNext].FilePrevious = mark.FilePrevious;
        marks.Give(at);
        state.Locks.Files.FreeIfIdle(file);
    }

    private ClientEntry? Owner(ref ReleaseMark mark) =>
        state.Hosts.EntryOrNull(mark.Entry) is { } entry && entry.MarkLife == mark.Life ? entry : null;
}
