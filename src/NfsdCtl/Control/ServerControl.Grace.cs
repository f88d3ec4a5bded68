using NfsdCtl.Control;
using NfsdCtl.Linux;
using NfsdCtl.State;
using NfsdCtl.State.Clients;
using NfsdCtl.State.Grace;
using NfsdCtl.State.Records;
using NfsdCtl.State.Reports;
using NfsdCtl.Storage;
using NfsdCtl.Vfs.FileSystems;

namespace NfsdCtl.Hosting;

/// <summary>The orders that open and end grace windows.</summary>
public sealed partial class ServerControl
{
    private static readonly Scope Boot = new(NetAddress.Any, FsId.Any);

    public Outcome<ResumeReport> ResumeIp(NetAddress server, string? path, int? seconds, Order order)
    {
        var targets = new List<(FileSystem FileSystem, string Shown)>();
        if (path is null)
        {
            targets.AddRange(parts.Exports.Current.Roots.Select(r => r.FileSystem).Distinct().Select(f => (f, f.MountPoint)));
        }
        else if (FindForResume(path, order, out var fileSystem, out string shown) is { } error)
        {
            return error;
        }
        else
        {
            targets.Add((fileSystem, shown));
        }
        if (targets.Count == 0)
            return ControlError.NotFound("nothing is exported");
        if (order.DryRun)
            return Foresee(server, targets, seconds);
        // All records before the first window: one that cannot be read is the likely failure.
        foreach (var (target, name) in targets)
        {
            if (LoadRecords(target, name) is { } failure)
                return failure;
        }
        var windows = new List<ResumedWindow>();
        var opened = new List<long>();
        foreach (var (target, name) in targets)
        {
            var resumed = Resume(server, target, name, seconds, opened);
            if (!resumed.Ok)
            {
                Withdraw(opened);
                return resumed.Error;
            }
            windows.Add(resumed.Value);
        }
        return new ResumeReport(windows);
    }

    public Outcome<EndGraceReport> EndGrace(NetAddress server, string path, Order order)
    {
        if (Find(path, order, out var meaning) is { } error)
            return error;
        if (meaning.FileSystem is not { } fileSystem)
            return ControlError.NotFound($"{meaning.Path} is not exported, so it has no window");
        var scope = new Scope(server, fileSystem.Id);
        var effects = new EffectList();
        bool found;
        using (var gate = parts.State.Enter(effects))
            found = order.DryRun ? parts.State.Grace.Exists(gate, scope) : parts.State.Grace.End(gate, scope);
        var status = parts.Effects.RunAll(effects);
        if (!found)
            return ControlError.NotFound($"no grace window is open for {server} on {meaning.Path}");
        return status == RecordStatus.Ok ? new EndGraceReport(1) : OfRecords(status, "the end of the window");
    }

    public Outcome<EndGraceReport> EndAllGrace(Order order)
    {
        var effects = new EffectList();
        int count;
        using (var gate = parts.State.Enter(effects))
            count = order.DryRun ? parts.State.Reports.Counts(gate).Windows : parts.State.Grace.EndAll(gate);
        var status = parts.Effects.RunAll(effects);
        return status == RecordStatus.Ok ? new EndGraceReport(count) : OfRecords(status, "the end of the windows");
    }

    public Outcome<Done> V4EndGrace(Order order) => EndBootGrace(Reclaimers.Nfs4, order);

    public Outcome<Done> NlmEndGrace(Order order) => EndBootGrace(Reclaimers.Nlm, order);

    public bool IsV4GraceEnded => IsBootGraceEnded(Reclaimers.Nfs4);

    public bool IsNlmGraceEnded => IsBootGraceEnded(Reclaimers.Nlm);

    private bool IsBootGraceEnded(Reclaimers whose)
    {
        var effects = new EffectList();
        bool open;
        using (var gate = parts.State.Enter(effects))
            open = parts.State.Grace.Exists(gate, Boot, whose);
        parts.Effects.Run(effects);
        return !open;
    }

    private Outcome<Done> EndBootGrace(Reclaimers whose, Order order)
    {
        var effects = new EffectList();
        bool found;
        using (var gate = parts.State.Enter(effects))
            found = order.DryRun ? parts.State.Grace.Exists(gate, Boot, whose) : parts.State.Grace.End(gate, Boot, whose);
        var status = parts.Effects.RunAll(effects);
        if (!found)
            return ControlError.Busy("the grace period has already ended");
        return status == RecordStatus.Ok ? Done.Instance : OfRecords(status, "the end of the grace period");
    }

    /// <summary>
    /// The filesystem of a path. One that is mounted and carries records is taken before it is exported, so that nobody can take
    /// a lock between the export and the window.
    /// </summary>
    private ControlError? FindForResume(string path, Order order, out FileSystem fileSystem, out string shown)
    {
        fileSystem = null!;
        shown = path;
        if (Find(path, order, out var meaning) is { } error)
            return error;
        shown = meaning.Path;
        var found = meaning.FileSystem ?? (order.DryRun ? parts.FileSystems.Recognise(meaning.Path) : parts.FileSystems.Adopt(meaning.Path));
        if (found is null)
            return ControlError.NotFound($"{meaning.Path} is not exported, and its filesystem carries no records: export it first");
        fileSystem = found;
        return null;
    }

    /// <summary>What the windows would be: nothing is loaded or opened for that, so that a filesystem can still be unmounted.</summary>
    private Outcome<ResumeReport> Foresee(NetAddress server, IEnumerable<(FileSystem FileSystem, string Shown)> targets, int? seconds)
    {
        var windows = new List<ResumedWindow>();
        foreach (var (fileSystem, shown) in targets)
        {
            var scope = new Scope(server, fileSystem.Id);
            IReadOnlyList<ClientName> known;
            if (scopes.IsLoaded(fileSystem))
                known = KnownTo(scope);
            else if (new ScopeRecordStore(new GivenPlace(fileSystem.RecordsPath)).Load(scope, out var record) is not RecordStatus.Ok and var status)
                return OfRecords(status, shown);
            else
                known = [.. record.Clients.Select(c => c.Name)];
            windows.Add(new ResumedWindow(server, shown, seconds ?? parts.Settings.Grace, known.Count, known.Count(c => c.Kind == Reclaimers.Nlm)));
        }
        return new ResumeReport(windows);
    }

    private List<ClientName> KnownTo(Scope scope)
    {
        var known = new List<KnownClient>();
        var effects = new EffectList();
        using (var gate = parts.State.Enter(effects))
            parts.State.Clients.CopyKnown(gate, scope, known);
        parts.Effects.Run(effects);
        return [.. known.Select(c => c.Name)];
    }

    private ControlError? LoadRecords(FileSystem fileSystem, string shown)
    {
        var effects = new EffectList();
        var status = scopes.Load(fileSystem, effects, out _);
        parts.Effects.RunAll(effects);
        return status == RecordStatus.Ok ? null : OfRecords(status, shown);
    }

    /// <param name="added">Gets the window when it is a new one.</param>
    private Outcome<ResumedWindow> Resume(NetAddress server, FileSystem fileSystem, string shown, int? exactly, List<long> added)
    {
        int seconds = exactly ?? parts.Settings.Grace;
        var effects = new EffectList();
        var scope = new Scope(server, fileSystem.Id);
        bool hasRecord = scopes.HasRecord(scope);
        var known = KnownTo(scope);
        if (!hasRecord)
            parts.Effects.Warn($"resume_ip {server} {shown}: no record came along, so any client may reclaim");
        OpenOutcome opened;
        long id;
        using (var gate = parts.State.Enter(effects))
            opened = parts.State.Grace.Open(gate, new WindowRequest(scope, TimeSpan.FromSeconds(seconds), "resume_ip", !hasRecord, Persisted: false) { IsPatient = exactly is null }, out id);
        var status = parts.Effects.RunAll(effects);
        if (opened == OpenOutcome.TooMany)
            return new ControlError(Errno.ENOSPC, "too many grace windows are open");
        if (opened == OpenOutcome.Ending)
            return ControlError.Busy($"the window of {server} on {shown} is just ending: resume again");
        if (status != RecordStatus.Ok)
            return OfRecords(status, $"the window of {server} on {shown}");
        if (opened == OpenOutcome.Opened)
            added.Add(id);
        return new ResumedWindow(server, shown, (int)Math.Ceiling(Left(scope).TotalSeconds), known.Count, known.Count(c => c.Kind == Reclaimers.Nlm));
    }

    private void Withdraw(List<long> windows)
    {
        var effects = new EffectList();
        using (var gate = parts.State.Enter(effects))
        {
            foreach (long id in windows)
                parts.State.Grace.Withdraw(gate, id);
        }
        parts.Effects.RunAll(effects);
    }

    private TimeSpan Left(Scope scope)
    {
        var windows = new List<WindowInfo>();
        var effects = new EffectList();
        using (var gate = parts.State.Enter(effects))
            parts.State.Reports.CopyWindows(gate, windows);
        parts.Effects.Run(effects);
        return windows.Find(w => w.Scope == scope)?.Left ?? TimeSpan.Zero;
    }
}
