using NfsdCtl.State.Clients;
using NfsdCtl.State.Locks;
using NfsdCtl.State.Records;

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

    internal bool Selects(Seat seat) =>
        (Client.IsWildcard || seat.Host.Name.Address == Client) && (ExportTags is null || ExportTags.Contains(seat.ExportTag));

    internal Scope Scope => new(Server, FileSystem);
}

/// <summary>What a release took, exactly.</summary>
/// <param name="Clients">Hosts that lost anything.</param>
public readonly record struct ReleaseCounts(long Locks, long Waiters, long Shares, int Clients)
{
    public static ReleaseCounts operator +(ReleaseCounts a, ReleaseCounts b) =>
        new(a.Locks + b.Locks, a.Waiters + b.Waiters, a.Shares + b.Shares, a.Clients + b.Clients);
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
    public bool Write;

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
    private readonly HashSet<NetAddress> served = [];
    private readonly HashSet<int> hosts = [];
    private readonly Dictionary<ClientEntry, long> lost = [];
    private ulong lastLife;

    internal ReleaseTable(ServerState state) => this.state = state;

    internal bool Pending => swept.Count != 0 || droppedMarks.Count != 0;

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
        state.Grace.EndComplete(gate);
        return counts;
    }

    /// <summary>True while slices of a release are left; the gate is due at once.</summary>
    public bool SweepPending(in GateScope gate) => Pending;

    /// <summary>A call came in through this server address (noted once per connection or sender).</summary>
    public void NoteServed(in GateScope gate, NetAddress server) => served.Add(server);

    /// <summary>Whether any call ever came in through this address.</summary>
    public bool WasServed(in GateScope gate, NetAddress server) => served.Contains(server);

    internal ReleaseCounts ReleaseHost(Host host)
    {
        hosts.Clear();
        var counts = default(ReleaseCounts);
        while (host.Seats.Count > 0)
            counts += End(host.Seats[^1], false);
        foreach (var entry in host.Entries)
            Expire(entry);
        return counts;
    }

    /// <summary>A client other than <paramref name="asking"/> that may still reclaim a conflicting lock on the file; or null.</summary>
    internal ClientEntry? ReleasedFrom(int file, LockKind kind, ClientEntry asking)
    {
        for (int at = state.Locks.Files[file].FirstMark; at != 0; at = marks[at].FileNext)
        {
            ref var mark = ref marks[at];
            if ((mark.Write || kind == LockKind.Write) && Owner(ref mark) is { MayReclaim: true, Forfeited: false } entry && entry != asking)
                return entry;
        }
        return null;
    }

    /// <summary>A dead lock is about to be taken out: its client may come back for it.</summary>
    internal void Mark(int file, ref LockNode node)
    {
        Unswept--;
        var seat = state.Hosts.SeatAt(node.Seat);
        if (!seat.MarksReleased || seat.Entry is not { MayReclaim: true, Forfeited: false } entry)
            return;
        ref var record = ref state.Locks.Files[file];
        if (record.FirstMark != 0 && Owner(ref marks[record.FirstMark]) == entry)
        {
            marks[record.FirstMark].Write |= node.Kind == LockKind.Write;
            return;
        }
        if (marks.Available == 0)
        {
            // What cannot be remembered cannot be reclaimed.
            entry.Forfeit();
            state.Add(new Effect(EffectKind.Forfeit, entry.Index, Scope: entry.Scope.Scope, Client: entry.Host.Name));
            return;
        }
        int at = marks.Take();
        ref var mark = ref marks[at];
        mark.File = file;
        mark.Entry = entry.Index;
        mark.Life = entry.MarkLife == 0 ? entry.MarkLife = ++lastLife : entry.MarkLife;
        mark.Write = node.Kind == LockKind.Write;
        mark.EntryNext = entry.FirstMark;
        entry.FirstMark = at;
        mark.FileNext = record.FirstMark;
        if (record.FirstMark != 0)
            marks[record.FirstMark].FilePrevious = at;
        record.FirstMark = at;
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
            lost[seat.Entry] = lost.GetValueOrDefault(seat.Entry) + seat.Locks;
            counts += End(seat, seat.Entry.Durable && !expires);
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
        seat.IsEmpty ? default : new(seat.Locks, seat.Waiters, seat.Shares, hosts.Add(seat.Host.Index) ? 1 : 0);

    private ReleaseCounts End(Seat seat, bool mayComeBack)
    {
        var counts = Count(seat);
        seat.MarksReleased = mayComeBack;
        state.Hosts.Detach(seat);
        state.Locks.Ranges.ReleaseSeat(seat);
        state.Locks.ReleaseSeatWaiters(seat);
        state.Shares.ReleaseSeat(seat);
        if (seat.Locks + seat.Waiters != 0)
            seat.Entry.Hold(-(seat.Locks + seat.Waiters));
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
        else
            state.Hosts.Free(swept.Dequeue());
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
