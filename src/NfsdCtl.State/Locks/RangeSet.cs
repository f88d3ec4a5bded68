namespace NfsdCtl.State.Locks;

/// <summary>What a search for conflicts looks for and what it met on its way.</summary>
internal ref struct ConflictSearch
{
    public ulong Start;
    public ulong End;

    /// <summary>Its own locks never conflict.</summary>
    public int Owner;

    /// <summary>Room for dead nodes met on the way; they are taken out behind the search.</summary>
    public Span<int> Dead;

    public int DeadCount;

    /// <summary>A client whose released lock is in the way, and who may still reclaim it.</summary>
    public Clients.ClientEntry? Released;

    /// <summary>The client that asks: what was released from it is not in its way.</summary>
    public Clients.ClientEntry? Asking;

    /// <summary>What NFSv4 clients hold whose lease ran out is not in the way.</summary>
    public bool PassExpired;
}

/// <summary>The lock nodes of all files: trees, lists and counts, without any rule about who may have what.</summary>
internal sealed class RangeSet
{
    private readonly ServerState state;
    private readonly Slab<LockNode> slab;
    private readonly FileTable files;
    private readonly OwnerTable owners;
    private readonly Treap<ByStart> byStart;
    private readonly Treap<ByOwner> byOwner;
    private readonly List<int> touched = [];

    public RangeSet(ServerState state, FileTable files, OwnerTable owners)
    {
        this.state = state;
        this.files = files;
        this.owners = owners;
        slab = new Slab<LockNode>(state.Options.MaxLocks);
        byStart = new Treap<ByStart>(slab, state.Options.Seed);
        byOwner = new Treap<ByOwner>(slab, state.Options.Seed);
    }

    public int Available => slab.Available;

    public int End => slab.End;

    /// <summary>Locks that are held; reservations and dead ones are not.</summary>
    public long Live { get; private set; }

    public ref LockNode this[int node] => ref slab[node];

    public void ReleaseSeat(Clients.Seat seat) => Live -= seat.Locks;

    /// <summary>A node of another owner that conflicts, or 0. O(log n) beside the owner's own nodes and dead ones.</summary>
    public int FindConflict(int file, LockKind kind, ref ConflictSearch search)
    {
        ref var record = ref files[file];
        int found = Find(record.WriteRoot, ref search);
        if (found == 0 && kind == LockKind.Write)
            found = Find(record.ReadRoot, ref search);
        return found;
    }

    private int Find(int at, ref ConflictSearch search)
    {
        while (at != 0)
        {
            ref var node = ref slab[at];
            if (node.MaxEnd < search.Start)
                return 0;
            int found = Find(node.RangeLeft, ref search);
            if (found != 0)
                return found;
            if (node.Start > search.End)
                return 0;
            if (node.End >= search.Start && node.Owner != search.Owner && IsLive(at, ref node, ref search))
                return at;
            at = node.RangeRight;
        }
        return 0;
    }

    private bool IsLive(int at, ref LockNode node, ref ConflictSearch search)
    {
        var seat = state.Hosts.SeatAt(node.Seat);
        if (!seat.Dead)
            return !search.PassExpired || state.Nfs4.Clients.ExpiredHolder(seat) is null;
        if (node.Reserved)
            return false;
        if (search.DeadCount < search.Dead.Length)
            search.Dead[search.DeadCount++] = at;
        if (seat.MarksReleased && seat.Entry is { MayReclaim: true, Forfeited: false } entry && entry != search.Asking)
            search.Released ??= entry;
        return false;
    }

    /// <summary>Visits every live conflicting node until <paramref name="visit"/> says stop (false).</summary>
    public bool ForEachConflict(int file, LockKind kind, LockRange range, int owner, Func<int, bool> visit)
    {
        ref var record = ref files[file];
        return Visit(record.WriteRoot, range, owner, visit) && (kind == LockKind.Read || Visit(record.ReadRoot, range, owner, visit));
    }

    private bool Visit(int at, LockRange range, int owner, Func<int, bool> visit)
    {
        while (at != 0)
        {
            ref var node = ref slab[at];
            if (node.MaxEnd < range.Start)
                return true;
            if (!Visit(node.RangeLeft, range, owner, visit))
                return false;
            if (node.Start > range.End)
                return true;
            if (node.End >= range.Start && node.Owner != owner && !state.Hosts.SeatAt(node.Seat).Dead && !visit(at))
                return false;
            at = node.RangeRight;
        }
        return true;
    }

    /// <summary>True when the owner holds something that conflicts with a wish of another.</summary>
    public bool Holds(int file, int owner, Clients.Seat seat, LockRange range, LockKind wish)
    {
        touched.Clear();
        foreach (var each in seat.Host.Seats)
        {
            if (each.Scope == seat.Scope)
                Collect(files[file].OwnRoot, ByOwner.Key(owner, each.Index), range.Start, range.End);
        }
        foreach (int node in touched)
        {
            if (wish == LockKind.Write || slab[node].Kind == LockKind.Write)
                return true;
        }
        return false;
    }

    /// <summary>True when the owner holds any range of the file in this scope.</summary>
    public bool HoldsAny(int file, int owner, Clients.Seat seat)
    {
        touched.Clear();
        foreach (var each in seat.Host.Seats)
        {
            if (each.Scope == seat.Scope)
                Collect(files[file].OwnRoot, ByOwner.Key(owner, each.Index), 0, ulong.MaxValue);
        }
        return touched.Count != 0;
    }

    /// <summary>
    /// Makes the owner hold <paramref name="range"/> as <paramref name="kind"/>, or not at all when that is null: splits, merges, up-
    /// and downgrades what it holds there. Needs room for two more nodes. True when anything changed.
    /// </summary>
    public bool Set(int file, int owner, Clients.Seat seat, LockRange range, LockKind? kind)
    {
        ulong low = range.Start == 0 ? 0 : range.Start - 1;
        ulong high = range.End == ulong.MaxValue ? ulong.MaxValue : range.End + 1;
        touched.Clear();
        foreach (var each in seat.Host.Seats)
        {
            if (each.Scope == seat.Scope)
                Collect(files[file].OwnRoot, ByOwner.Key(owner, each.Index), low, high);
        }
        if (touched.Count == 0 && kind is null)
            return false;
        var merged = range;
        int keep = 0;
        bool changed = false;
        foreach (int at in touched)
        {
            ref var node = ref slab[at];
            if (node.Kind == kind && node.Seat == seat.Index)
            {
                if (node.Range.Contains(range))
                    return false;
                merged = new LockRange(Math.Min(merged.Start, node.Start), Math.Max(merged.End, node.End));
                if (keep == 0)
                    keep = at;
                else
                    Remove(at);
                changed = true;
            }
            else if (node.Range.Overlaps(range))
            {
                Cut(at, range);
                changed = true;
            }
        }
        if (kind is not { } wanted)
            return changed;
        if (keep != 0)
            Reshape(keep, merged);
        else
            Add(file, owner, seat, merged, wanted);
        return true;
    }

    /// <summary>The nodes of one owner and seat that touch [low, high]; they are disjoint, so ends are ordered as starts are.</summary>
    private void Collect(int at, ulong key, ulong low, ulong high)
    {
        while (at != 0)
        {
            ref var node = ref slab[at];
            ulong mine = ByOwner.Key(node.Owner, node.Seat);
            if (mine < key || (mine == key && node.End < low))
            {
                at = node.OwnRight;
                continue;
            }
            if (mine > key || node.Start > high)
            {
                at = node.OwnLeft;
                continue;
            }
            Collect(node.OwnLeft, key, low, high);
            touched.Add(at);
            at = node.OwnRight;
        }
    }

    private void Cut(int at, LockRange hole)
    {
        ref var node = ref slab[at];
        var range = node.Range;
        if (range.Start < hole.Start)
        {
            Reshape(at, new LockRange(range.Start, hole.Start - 1));
            if (range.End > hole.End)
                Add(node.File, node.Owner, state.Hosts.SeatAt(node.Seat), new LockRange(hole.End + 1, range.End), node.Kind);
        }
        else if (range.End > hole.End)
        {
            Reshape(at, new LockRange(hole.End + 1, range.End));
        }
        else
        {
            Remove(at);
        }
    }

    /// <summary>Its place among the owner's own stays, because it keeps between the same neighbours.</summary>
    private void Reshape(int at, LockRange range)
    {
        ref var node = ref slab[at];
        ref int root = ref RootOf(ref node);
        byStart.Erase(ref root, at);
        node.Start = range.Start;
        node.End = range.End;
        byStart.Insert(ref root, at);
    }

    private void Add(int file, int owner, Clients.Seat seat, LockRange range, LockKind kind)
    {
        int at = NewNode(file, owner, seat, range, kind);
        ref var node = ref slab[at];
        byOwner.Insert(ref files[file].OwnRoot, at);
        node.SeatNext = seat.FirstLock;
        if (seat.FirstLock != 0)
            slab[seat.FirstLock].SeatPrevious = at;
        seat.FirstLock = at;
        seat.Locks++;
        seat.Entry.Hold(1);
        owners.Adjust(owner, 1, 0);
        owners[owner].Held = true;
        Live++;
    }

    private void Remove(int at)
    {
        ref var node = ref slab[at];
        var seat = state.Hosts.SeatAt(node.Seat);
        if (!seat.Dead)
        {
            Live--;
            seat.Entry.Hold(-1);
        }
        seat.Locks--;
        if (node.SeatPrevious == 0)
            seat.FirstLock = node.SeatNext;
        else
            slab[node.SeatPrevious].SeatNext = node.SeatNext;
        if (node.SeatNext != 0)
            slab[node.SeatNext].SeatPrevious = node.SeatPrevious;
        owners.Adjust(node.Owner, -1, 0);
        byOwner.Erase(ref files[node.File].OwnRoot, at);
        FreeNode(at);
    }

    /// <summary>Takes out a node of a dead seat.</summary>
    public void RemoveDead(int at) => Remove(at);

    /// <summary>A node that keeps others out and is nobody's lock yet.</summary>
    public int Reserve(int file, int owner, Clients.Seat seat, LockRange range, LockKind kind)
    {
        int at = NewNode(file, owner, seat, range, kind);
        slab[at].Reserved = true;
        return at;
    }

    public void Unreserve(int at) => FreeNode(at);

    private int NewNode(int file, int owner, Clients.Seat seat, LockRange range, LockKind kind)
    {
        int at = slab.Take();
        ref var node = ref slab[at];
        node.Start = range.Start;
        node.End = range.End;
        node.Owner = owner;
        node.Seat = seat.Index;
        node.File = file;
        node.Kind = kind;
        node.GrantedAt = (uint)state.Since(state.Started).TotalSeconds;
        files[file].Nodes++;
        byStart.Insert(ref RootOf(ref node), at);
        return at;
    }

    private void FreeNode(int at)
    {
        ref var node = ref slab[at];
        byStart.Erase(ref RootOf(ref node), at);
        files[node.File].Nodes--;
        slab.Give(at);
    }

    private ref int RootOf(ref LockNode node)
    {
        ref var file = ref files[node.File];
        return ref node.Kind == LockKind.Write ? ref file.WriteRoot : ref file.ReadRoot;
    }
}
