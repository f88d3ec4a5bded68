using NfsdCtl.State.Records;

namespace NfsdCtl.Storage;

/// <summary>What a log amounts to: the result of applying its entries in order.</summary>
internal sealed class ScopeImage
{
    private readonly Dictionary<ClientName, ClientRecord> clients = [];
    private WindowRecord? window;

    public uint NsmState { get; private set; }

    public void Apply(RecordEntry entry)
    {
        switch (entry)
        {
            case RecordEntry.Client client:
                Put(client.Record);
                break;
            case RecordEntry.Held held:
                clients[held.Name] = Known(held.Name) with { Held = held.Count };
                break;
            case RecordEntry.Forget forget:
                clients.Remove(forget.Name);
                break;
            case RecordEntry.Forfeit forfeit:
                if (clients.TryGetValue(forfeit.Name, out var known))
                    clients[forfeit.Name] = known with { Forfeited = true };
                break;
            case RecordEntry.Window opened:
                window = opened.Record;
                break;
            case RecordEntry.WindowEnd end:
                EndWindow(end.Gone);
                break;
            case RecordEntry.NsmState state:
                NsmState = state.State;
                break;
        }
    }

    public ScopeRecord ToRecord() =>
        new() { Exists = true, Clients = [.. clients.Values], Window = window, NsmState = NsmState };

    /// <summary>The fewest entries that make this image.</summary>
    public IEnumerable<RecordEntry> Entries()
    {
        if (NsmState != 0)
            yield return new RecordEntry.NsmState(NsmState);
        foreach (var client in clients.Values)
            yield return new RecordEntry.Client(client);
        if (window is not null)
            yield return new RecordEntry.Window(window);
    }

    private void Put(ClientRecord record)
    {
        var before = Known(record.Name);
        clients[record.Name] = record with
        {
            State = record.State != 0 ? record.State : before.State,
            Forfeited = record.Forfeited || (before.Forfeited && !record.KnowsItsLoss),
            KnowsItsLoss = false,
        };
    }

    private ClientRecord Known(ClientName name) => clients.GetValueOrDefault(name) ?? new ClientRecord(name);

    private void EndWindow(IReadOnlyList<ClientName> gone)
    {
        window = null;
        foreach (var name in gone)
            clients.Remove(name);
        // A count says what may be reclaimed in one window; a forfeit says it of the life before that window.
        foreach (var (name, client) in clients.Where(c => c.Value.Held is not null || c.Value.Forfeited).ToList())
            clients[name] = client with { Held = null, Forfeited = false };
    }
}
