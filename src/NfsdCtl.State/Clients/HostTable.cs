
namespace NfsdCtl.State.Clients;

/// <summary>Finds hosts by (client address, server address, caller_name), scopes, and the seats where they meet.</summary>
internal sealed class HostTable(ServerState state)
{
    private readonly HashSet<Host> hosts = new(ByCaller.Instance);
    private readonly Dictionary<NetAddress, List<Host>> byClient = [];
    private readonly Dictionary<Scope, ScopeState> scopes = [];
    private readonly List<Host?> byIndex = [null];
    private readonly Queue<int> freeHosts = new();
    private readonly List<Seat?> seats = [null];
    private readonly Queue<int> freeSeats = new();
    private readonly List<ClientEntry?> entries = [null];
    private readonly Queue<int> freeEntries = new();
    private int evictCursor;

    public int Count => hosts.Count;

    public IReadOnlyCollection<Host> All => hosts;

    public IReadOnlyCollection<ScopeState> Scopes => scopes.Values;

    public Seat SeatAt(int index) => seats[index]!;

    public Host HostAt(int index) => byIndex[index]!;

    public ClientEntry? EntryOrNull(long index) => index > 0 && index < entries.Count ? entries[(int)index] : null;

    public Host? Find(in Caller caller) => hosts.GetAlternateLookup<Caller>().TryGetValue(caller, out var host) ? host : null;

    public IReadOnlyList<Host> OfClient(NetAddress client) => byClient.TryGetValue(client, out var list) ? list : [];

    public ScopeState? FindScope(Scope scope) => scopes.GetValueOrDefault(scope);

    public ScopeState ScopeOf(Scope scope)
    {
        if (!scopes.TryGetValue(scope, out var found))
            scopes.Add(scope, found = new ScopeState(scope));
        return found;
    }

    /// <summary>Null when the bound of hosts is reached and none is idle.</summary>
    public Host? Add(in Caller caller)
    {
        if (hosts.Count >= state.Options.MaxHosts && !EvictOne())
            return null;
        if (!freeHosts.TryDequeue(out int index))
        {
            index = byIndex.Count;
            byIndex.Add(null);
        }
        var host = new Host(index, caller.Client, caller.Server, caller.Name.ToArray()) { LastSeen = state.Now };
        byIndex[index] = host;
        hosts.Add(host);
        if (!byClient.TryGetValue(caller.Client, out var list))
            byClient.Add(caller.Client, list = []);
        list.Add(host);
        return host;
    }

    /// <summary>The live seat of a caller, made when there is none; null when there is no room for another host.</summary>
    public Seat? SeatOf(in Caller caller, FsId fileSystem, uint exportTag)
    {
        return (Find(caller) ?? Add(caller)) is { } host ? SeatOf(host, fileSystem, exportTag) : null;
    }

    /// <summary>The live seat of a host, made when there is none.</summary>
    public Seat SeatOf(Host host, FsId fileSystem, uint exportTag)
    {
        host.LastSeen = state.Now;
        foreach (var seat in host.Seats)
        {
            if (seat.ExportTag == exportTag && seat.Scope.Scope.FileSystem == fileSystem)
                return seat;
        }
        return AddSeat(EntryOf(host, fileSystem), exportTag);
    }

    public ClientEntry EntryOf(Host host, FsId fileSystem)
    {
        foreach (var entry in host.Entries)
        {
            if (entry.Scope.Scope.FileSystem == fileSystem)
                return entry;
        }
        if (!freeEntries.TryDequeue(out int index))
        {
            index = entries.Count;
            entries.Add(null);
        }
        var scope = ScopeOf(new Scope(host.Server, fileSystem));
        var added = new ClientEntry(state, index, host, scope);
        entries[index] = added;
        host.Entries.Add(added);
        scope.Entries.Add(added);
        return added;
    }

    private Seat AddSeat(ClientEntry entry, uint exportTag)
    {
        if (!freeSeats.TryDequeue(out int index))
        {
            index = seats.Count;
            seats.Add(null);
        }
        var seat = new Seat(index, entry.Host, entry, exportTag);
        seats[index] = seat;
        entry.Host.Seats.Add(seat);
        seat.Slot = entry.Scope.Seats.Count;
        entry.Scope.Seats.Add(seat);
        return seat;
    }

    /// <summary>The seat's life is over; its index is free for another only when nothing refers to it (<see cref="Free"/>).</summary>
    public void Detach(Seat seat)
    {
        seat.Dead = true;
        seat.Host.Seats.Remove(seat);
        var list = seat.Scope.Seats;
        list[seat.Slot] = list[^1];
        list[seat.Slot].Slot = seat.Slot;
        list.RemoveAt(list.Count - 1);
    }

    public void Free(Seat seat)
    {
        seats[seat.Index] = null;
        freeSeats.Enqueue(seat.Index);
    }

    /// <summary>Makes room by dropping a host that holds nothing and is on no record; looks at a bounded number of hosts.</summary>
    private bool EvictOne()
    {
        state.Locks.DropIdleOwners(64);
        for (int i = 0; i < 256; i++)
        {
            evictCursor = evictCursor + 1 < byIndex.Count ? evictCursor + 1 : 0;
            if (byIndex[evictCursor] is { Owners: 0, Waiters: 0, Nfs4: null, Nfs4Pending: null } host && host.Seats.TrueForAll(s => s.IsEmpty) && host.Entries.TrueForAll(e => e.IsIdle))
            {
                Remove(host);
                return true;
            }
        }
        return false;
    }

    private void Remove(Host host)
    {
        while (host.Seats.Count > 0)
        {
            var seat = host.Seats[^1];
            Detach(seat);
            Free(seat);
        }
        foreach (var entry in host.Entries)
        {
            entry.Due = Timed.Never;
            entry.Scope.Entries.Remove(entry);
            entries[entry.Index] = null;
            freeEntries.Enqueue(entry.Index);
        }
        hosts.Remove(host);
        byIndex[host.Index] = null;
        freeHosts.Enqueue(host.Index);
        var list = byClient[host.Name.Address];
        list.Remove(host);
        if (list.Count == 0)
            byClient.Remove(host.Name.Address);
    }

    private sealed class ByCaller : IEqualityComparer<Host>, IAlternateEqualityComparer<Caller, Host>
    {
        public static readonly ByCaller Instance = new();

        public bool Equals(Host? x, Host? y) => ReferenceEquals(x, y);

        public bool Equals(Caller alternate, Host other) =>
            alternate.Client == other.Name.Address && alternate.Server == other.Server && alternate.Name.SequenceEqual(other.CallerName);

        public int GetHashCode(Host obj) => Hash(obj.Name.Address, obj.Server, obj.CallerName);

        public int GetHashCode(Caller alternate) => Hash(alternate.Client, alternate.Server, alternate.Name);

        public Host Create(Caller alternate) => throw new NotSupportedException("hosts are added with an index");

        private static int Hash(NetAddress client, NetAddress server, ReadOnlySpan<byte> name)
        {
            var hash = new HashCode();
            hash.Add(client);
            hash.Add(server);
            hash.AddBytes(name);
            return hash.ToHashCode();
        }
    }
}
