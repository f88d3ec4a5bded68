using NfsdCtl.State.Records;

namespace NfsdCtl.Tests.Nlm;

/// <summary>Records in memory, on a disk that fails when told to.</summary>
internal sealed class MemoryRecords : IScopeRecords
{
    private readonly Dictionary<Scope, Dictionary<ClientName, ClientRecord>> clients = [];
    private readonly Dictionary<Scope, uint> states = [];
    private readonly Dictionary<Scope, WindowRecord> windows = [];

    public RecordStatus Failure { get; set; }

    /// <summary>Each change in words, in order.</summary>
    public List<string> Log { get; } = [];

    public IEnumerable<ClientName> ClientsOf(Scope scope) => clients.TryGetValue(scope, out var known) ? known.Keys : [];

    public RecordStatus Addresses(FsId fileSystem, out IReadOnlyList<NetAddress> addresses)
    {
        addresses = [.. clients.Keys.Where(s => s.FileSystem == fileSystem).Select(s => s.Server)];
        return Failure;
    }

    public RecordStatus Load(Scope scope, out ScopeRecord record)
    {
        record = clients.TryGetValue(scope, out var known)
            ? new ScopeRecord { Exists = true, Clients = [.. known.Values], Window = windows.GetValueOrDefault(scope) }
            : ScopeRecord.Empty;
        return Failure;
    }

    public RecordStatus Remember(Scope scope, ClientRecord client) => Do($"remember {client.Name}", scope, c => c[client.Name] = client);

    public RecordStatus Forget(Scope scope, ClientName client) => Do($"forget {client}", scope, c => c.Remove(client));

    public RecordStatus Forfeit(Scope scope, ClientName client) => Do($"forfeit {client}", scope, _ => { });

    public RecordStatus NoteHeld(Scope scope, ClientName client, long held) =>
        Do($"held {client}:{held}", scope, c => c[client] = (c.GetValueOrDefault(client) ?? new ClientRecord(client)) with { Held = held });

    public RecordStatus OpenWindow(Scope scope, WindowRecord window) => Do("window", scope, _ => windows[scope] = window);

    public RecordStatus EndWindow(Scope scope, IReadOnlyList<ClientName> gone, IReadOnlyList<ClientName> forfeited) => Do("window end", scope, c =>
    {
        windows.Remove(scope);
        foreach (var name in gone)
            c.Remove(name);
    });

    public RecordStatus NextNsmState(Scope scope, uint above, out uint state)
    {
        state = (Math.Max(above, states.GetValueOrDefault(scope)) + 1) | 1;
        if (Failure == RecordStatus.Ok)
            states[scope] = state;
        return Failure;
    }

    public void Release(FsId fileSystem)
    {
    }

    private RecordStatus Do(string what, Scope scope, Action<Dictionary<ClientName, ClientRecord>> change)
    {
        if (Failure != RecordStatus.Ok)
            return Failure;
        Log.Add(what);
        if (!clients.TryGetValue(scope, out var known))
            clients.Add(scope, known = []);
        change(known);
        return RecordStatus.Ok;
    }
}
