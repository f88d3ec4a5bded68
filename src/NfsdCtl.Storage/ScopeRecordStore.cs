using System.Collections.Concurrent;
using System.Globalization;
using NfsdCtl.Linux;
using NfsdCtl.State.Records;

namespace NfsdCtl.Storage;

/// <summary>
/// Scope records as files: <c>scopes/HEX</c> in the record directory of the filesystem, one for each server address, named
/// after the 16 bytes of the address. No descriptor outlives a call.
/// </summary>
public sealed class ScopeRecordStore(IRecordPlaces places) : IScopeRecords
{
    private readonly ConcurrentDictionary<Scope, ScopeLog> logs = new();

    public RecordStatus Addresses(FsId fileSystem, out IReadOnlyList<NetAddress> addresses)
    {
        addresses = [];
        int directory = LogFile.OpenDirectory(places, fileSystem, create: false);
        if (directory < 0)
            return directory == -Errno.ENOENT && IsHere(fileSystem) ? RecordStatus.Ok : LogFile.StatusOf(-directory);
        using var held = new LogFile.Descriptor(directory);
        var found = new List<NetAddress>();
        try
        {
            foreach (string path in Directory.EnumerateFiles($"/proc/self/fd/{directory}/"))
            {
                if (TryParseName(Path.GetFileName(path), out var address))
                    found.Add(address);
            }
        }
        catch (IOException failure)
        {
            // The runtime's HResult of an I/O failure is the errno on Unix.
            return LogFile.StatusOf(failure.HResult);
        }
        addresses = found;
        return RecordStatus.Ok;
    }

    public RecordStatus Load(Scope scope, out ScopeRecord record) => Log(scope).Load(out record);

    public RecordStatus Remember(Scope scope, ClientRecord client) => Log(scope).Commit(new RecordEntry.Client(client));

    public RecordStatus Forget(Scope scope, ClientName client) => Log(scope).Commit(new RecordEntry.Forget(client));

    public RecordStatus Forfeit(Scope scope, ClientName client) => Log(scope).Commit(new RecordEntry.Forfeit(client));

    public RecordStatus NoteHeld(Scope scope, ClientName client, long held) => Log(scope).Commit(new RecordEntry.Held(client, held));

    public RecordStatus OpenWindow(Scope scope, WindowRecord window) => Log(scope).Commit(new RecordEntry.Window(window));

    public RecordStatus EndWindow(Scope scope, IReadOnlyList<ClientName> gone, IReadOnlyList<ClientName> forfeited) =>
        Log(scope).Commit([new RecordEntry.WindowEnd(gone), .. forfeited.Select(name => new RecordEntry.Forfeit(name))]);

    public RecordStatus NextNsmState(Scope scope, uint above, out uint state)
    {
        state = 0;
        var log = Log(scope);
        var status = log.Load(out var record);
        if (status != RecordStatus.Ok)
            return status;
        uint highest = Math.Max(record.NsmState, above);
        state = (highest + 1) | 1;
        return log.Commit(new RecordEntry.NsmState(state));
    }

    public void Release(FsId fileSystem)
    {
        foreach (var scope in logs.Keys.Where(s => s.FileSystem == fileSystem))
            logs.TryRemove(scope, out _);
    }

    /// <summary>32 hexadecimal digits, and for a link-local address its interface.</summary>
    internal static string NameOf(NetAddress address)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"{address.High:x16}{address.Low:x16}");
        return address.ScopeId == 0 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}-{address.ScopeId:x}");
    }

    internal static bool TryParseName(ReadOnlySpan<char> name, out NetAddress address)
    {
        address = default;
        const NumberStyles hex = NumberStyles.AllowHexSpecifier;
        uint scopeId = 0;
        if (name.Length < 32
            || !ulong.TryParse(name[..16], hex, CultureInfo.InvariantCulture, out ulong high)
            || !ulong.TryParse(name[16..32], hex, CultureInfo.InvariantCulture, out ulong low)
            || (name.Length > 32 && (name[32] != '-' || !uint.TryParse(name[33..], hex, CultureInfo.InvariantCulture, out scopeId))))
            return false;
        address = new NetAddress(high, low, scopeId);
        return true;
    }

    private ScopeLog Log(Scope scope) => logs.GetOrAdd(scope, s => new ScopeLog(places, s.FileSystem, NameOf(s.Server)));

    private bool IsHere(FsId fileSystem)
    {
        int place = places.Open(fileSystem);
        if (place < 0)
            return false;
        _ = Descriptors.Close(place);
        return true;
    }
}
