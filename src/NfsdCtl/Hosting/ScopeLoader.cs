using NfsdCtl.State;
using NfsdCtl.State.Grace;
using NfsdCtl.State.Records;
using NfsdCtl.Vfs.FileSystems;

namespace NfsdCtl.Hosting;

/// <summary>
/// Brings what the disk knows of a filesystem's scopes into the state: once for each time that the filesystem comes here, before its
/// first lock is granted.
/// </summary>
public sealed class ScopeLoader(ServerState state, IScopeRecords records, TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly Dictionary<FsId, FileSystem> loaded = [];

    /// <summary>
    /// Loads all scopes of a filesystem and re-enters the windows that were open there when its server stopped.
    /// </summary>
    /// <param name="known">Clients that may have something to reclaim.</param>
    /// <returns>Ok, or why the disk could not be read; then nothing was loaded of it.</returns>
    public RecordStatus Load(FileSystem fileSystem, EffectList effects, out int known)
    {
        known = 0;
        lock (gate)
        {
            if (loaded.TryGetValue(fileSystem.Id, out var before))
            {
                if (before == fileSystem)
                    return RecordStatus.Ok;
                // Another one has come under the same fsid=, for instance on the bare mount point that was exported under it.
                Forget(fileSystem.Id, effects);
            }
            var status = records.Addresses(fileSystem.Id, out var addresses);
            if (status != RecordStatus.Ok)
                return status;
            var scopes = new List<(Scope Scope, ScopeRecord Record)>();
            foreach (var address in addresses)
            {
                var scope = new Scope(address, fileSystem.Id);
                status = records.Load(scope, out var record);
                if (status != RecordStatus.Ok)
                    return status;
                scopes.Add((scope, record));
            }
            Enter(scopes, effects);
            known = scopes.Sum(s => s.Record.Clients.Count(c => !c.Forfeited));
            loaded[fileSystem.Id] = fileSystem;
            return RecordStatus.Ok;
        }
    }

    /// <summary>Whether the state knows what the disk knows of this filesystem's scopes.</summary>
    public bool IsLoaded(FileSystem fileSystem)
    {
        lock (gate)
            return loaded.GetValueOrDefault(fileSystem.Id) == fileSystem;
    }

    /// <summary>The filesystem leaves: when it comes again, another node may have changed its records.</summary>
    public void Forget(FsId fileSystem, EffectList effects)
    {
        lock (gate)
        {
            loaded.Remove(fileSystem);
            records.Release(fileSystem);
            using var entered = state.Enter(effects);
            state.Clients.Unload(entered, fileSystem);
        }
    }

    /// <summary>Whether any record of this scope came along; without one any client may reclaim.</summary>
    public bool HasRecord(Scope scope) => records.Load(scope, out var record) == RecordStatus.Ok && record.Exists;

    private void Enter(List<(Scope Scope, ScopeRecord Record)> scopes, EffectList effects)
    {
        var now = time.GetUtcNow();
        using var entered = state.Enter(effects);
        foreach (var (scope, record) in scopes)
        {
            state.Clients.Load(entered, scope, record);
            if (record.Window is { } window && window.Deadline > now)
                state.Grace.Open(entered, new WindowRequest(scope, window.Deadline - now, window.Reason, window.AnyoneMayReclaim, Persisted: true), out _);
        }
    }
}
