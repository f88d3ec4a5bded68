using NfsdCtl.Control;
using NfsdCtl.Linux;
using NfsdCtl.State;
using NfsdCtl.State.Release;
using NfsdCtl.Vfs.FileSystems;

namespace NfsdCtl.Hosting;

/// <summary>The orders that take state away.</summary>
public sealed partial class ServerControl
{
    /// <summary>How long requests under way on a filesystem are waited for before its descriptors are given up as busy.</summary>
    private static readonly TimeSpan ReleasePatience = TimeSpan.FromSeconds(5);

    public Outcome<ReleaseReport> UnlockIp(NetAddress server, Order order)
    {
        if (!WasServed(server))
            return ControlError.Invalid($"{server} was never an address of this server: unlock_ip means a server address, not a client's");
        return Release(ReleaseSelector.Address(server), server.ToString(), order);
    }

    public Outcome<ReleaseReport> UnlockFileSystem(string path, Order order)
    {
        if (Find(path, order, out var meaning) is { } error)
            return error;
        // nothing of ours is on a filesystem that holds no export and never did
        if (meaning.FileSystem is not { } fileSystem)
            return Nothing(meaning.Path);
        var report = Release(ReleaseSelector.Of(fileSystem.Id), meaning.Path, order);
        if (!order.DryRun && !LetGo(fileSystem))
            return ControlError.Busy($"{meaning.Path}: its state is released, and requests still use its files: write again");
        return report;
    }

    public Outcome<ReleaseReport> UnlockExport(string path, Order order)
    {
        if (Find(path, order, out var meaning) is { } error)
            return error;
        if (parts.Exports.Current.Find(meaning.Path) is not { } export)
            return ControlError.NotFound($"{meaning.Path} is not exported");
        var selector = new ReleaseSelector { FileSystem = export.FileSystem.Id, ExportTags = export.Entries.Select(e => e.Tag).ToHashSet() };
        return Release(selector, export.Path, order);
    }

    private static ReleaseReport Nothing(string target) => new(target, 0, 0, 0, 0, 0, 0, 0, TimeSpan.Zero);

    private ReleaseReport Release(in ReleaseSelector selector, string target, Order order)
    {
        long begin = parts.Time.GetTimestamp();
        var effects = new EffectList();
        ReleaseCounts counts;
        using (var gate = parts.State.Enter(effects))
            counts = parts.State.Releases.Release(gate, selector, order.DryRun);
        parts.Effects.RunAll(effects);
        return ReportOf(target, counts, begin);
    }

    private ReleaseReport ReportOf(string target, ReleaseCounts counts, long begin) =>
        new(target, counts.Locks, counts.Waiters, counts.Shares, counts.Opens, 0, counts.Sessions, counts.Clients, Since(begin));

    /// <summary>Closes every descriptor on a filesystem. False when requests still use some.</summary>
    private bool LetGo(FileSystem fileSystem)
    {
        parts.LocalLocks.Release(fileSystem.Id);
        bool closed = parts.Files.ReleaseFileSystem(fileSystem.Id, ReleasePatience);
        parts.Replies.Forget(new Scope(NetAddress.Any, fileSystem.Id));
        // While it is exported it may be locked anew right away, under the records that are in memory; when it is not, it may come back changed.
        if (!parts.Exports.Current.Roots.Any(r => r.FileSystem.Id == fileSystem.Id))
        {
            var effects = new EffectList();
            scopes.Forget(fileSystem.Id, effects);
            parts.Effects.RunAll(effects);
        }
        return closed;
    }

    private bool WasServed(NetAddress server)
    {
        if (parts.Addresses.Contains(server) || parts.Settings.Host.Contains(server))
            return true;
        var effects = new EffectList();
        bool served;
        using (var gate = parts.State.Enter(effects))
            served = parts.State.Releases.WasServed(gate, server);
        parts.Effects.Run(effects);
        return served;
    }
}
