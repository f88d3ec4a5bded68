using NfsdCtl.State.Records;

namespace NfsdCtl.Storage;

/// <summary>One change of a scope's records, as it is appended to the log.</summary>
internal abstract record RecordEntry
{
    private RecordEntry()
    {
    }

    internal sealed record Client(ClientRecord Record) : RecordEntry;

    internal sealed record Held(ClientName Name, long Count) : RecordEntry;

    internal sealed record Forget(ClientName Name) : RecordEntry;

    internal sealed record Forfeit(ClientName Name) : RecordEntry;

    internal sealed record Window(WindowRecord Record) : RecordEntry;

    internal sealed record WindowEnd(IReadOnlyList<ClientName> Gone) : RecordEntry;

    internal sealed record NsmState(uint State) : RecordEntry;
}
