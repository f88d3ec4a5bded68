using NfsdCtl.Linux;
using NfsdCtl.Vfs.FileSystems;
using NfsdCtl.Vfs.Handles;
using NfsdCtl.Vfs.Nodes;

namespace NfsdCtl.Vfs.Exports;

/// <summary>Something wrong with an export: where it was written, and what to do about it.</summary>
public sealed record ExportError(string Origin, string Message)
{
    /// <summary>The error number for whoever ordered it.</summary>
    public int Errno { get; init; } = Linux.Errno.EINVAL;

    public override string ToString() => Origin.Length == 0 ? Message : $"{Origin}: {Message}";
}

/// <summary>What is exported at one moment; never changed.</summary>
public sealed class ExportSnapshot
{
    private readonly Dictionary<(FsId, uint), ExportRoot> byTag = [];
    private readonly Dictionary<string, ExportRoot> byPath = [];

    internal ExportSnapshot(IReadOnlyList<Export> exports, IEnumerable<ExportRoot> roots)
    {
        Exports = exports;
        foreach (var root in roots)
        {
            byPath[root.Path] = root;
            byTag[(root.FileSystem.Id, root.Entries[0].Tag)] = root;
        }
    }

    public static ExportSnapshot Empty { get; } = new([], []);

    /// <summary>Every entry, in the order in which they were given.</summary>
    public IReadOnlyList<Export> Exports { get; }

    /// <summary>The exported directories.</summary>
    public IReadOnlyCollection<ExportRoot> Roots => byPath.Values;

    public ExportRoot? Find(FsId fileSystem, uint tag) => byTag.GetValueOrDefault((fileSystem, tag));

    public ExportRoot? Find(string path) => byPath.GetValueOrDefault(path);

    /// <summary>The exported directory that is the longest beginning of an absolute path.</summary>
    public ExportRoot? Covering(string path)
    {
        for (string at = path.TrimEnd('/'); ; at = at[..Math.Max(0, at.LastIndexOf('/'))])
        {
            if (byPath.TryGetValue(at.Length == 0 ? "/" : at, out var root))
                return root;
            if (at.Length == 0)
                return null;
        }
    }
}

/// <summary>
/// The exports in force: what the exports files say, and what orders added. A change builds a whole new snapshot beside the old one
/// and replaces it at once, or reports errors and changes nothing. Not for request threads: it resolves host names and opens directories.
/// </summary>
/// <param name="file">Keeps what orders added; null: nothing does.</param>
public sealed class ExportTable(
    FileSystemTable fileSystems, IClientNames clientNames, Func<string, IReadOnlyList<NetAddress>> resolveHost, KeptExportFile? file = null)
{
    private readonly Lock gate = new();
    private volatile ExportSnapshot current = ExportSnapshot.Empty;
    private volatile IReadOnlyList<KeptExport> away = [];
    private string written = KeptExportFile.Describe([]);

    public ExportSnapshot Current => current;

    /// <summary>What orders added and what cannot be exported now, in general because its filesystem is on another node.</summary>
    public IReadOnlyList<KeptExport> Away => away;

    public FileSystemTable FileSystems => fileSystems;

    public IClientNames ClientNames => clientNames;

    /// <summary>
    /// Replaces what the exports files said; what orders added stays, in the place of a line for the same path and client. All
    /// errors are reported; with any, the exports stay as they were.
    /// </summary>
    public IReadOnlyList<ExportError> Replace(IReadOnlyList<Export> exports)
    {
        lock (gate)
        {
            var ordered = current.Exports.Where(e => e.IsOrdered).ToArray();
            return Build(With(exports, ordered), Places(current.Roots.Where(r => r.Entries.Any(e => e.IsOrdered))), away);
        }
    }

    /// <summary>
    /// Adds entries by an order; one for the same path and client is replaced (exportfs -o does the same). Other paths stay as they
    /// are, also while their filesystem is not mounted. They are on stable storage then.
    /// </summary>
    public IReadOnlyList<ExportError> Add(IReadOnlyList<Export> exports)
    {
        lock (gate)
        {
            var ordered = exports.Select(e => e with { IsOrdered = true }).ToArray();
            return Build(With(current.Exports, ordered), Except([.. exports.Select(e => e.Path)]), [.. away.Where(k => !exports.Any(e => e.Path == k.Export.Path))]);
        }
    }

    /// <summary>Exports a path again as it is, to the same clients: on the filesystem that is mounted there now.</summary>
    public IReadOnlyList<ExportError> Renew(string path)
    {
        lock (gate)
            return Build(current.Exports, Except([path]), away);
    }

    /// <summary>Reads what orders added in earlier lives: all of it is away until <see cref="Revive"/>. What cannot be read is reported.</summary>
    public IReadOnlyList<ExportError> Recall()
    {
        lock (gate)
        {
            var errors = new List<ExportError>();
            ThreadIdentity.BecomeRoot();
            away = file?.Read(errors) ?? [];
            written = KeptExportFile.Describe(away);
            return errors;
        }
    }

    /// <summary>
    /// Exports what orders added wherever its filesystem is mounted (again). What stays away is reported: it is never bound to
    /// another filesystem.
    /// </summary>
    public IReadOnlyList<ExportError> Revive()
    {
        lock (gate)
        {
            var errors = new List<ExportError>();
            foreach (var one in away)
            {
                var export = one.Export;
                errors.AddRange(fileSystems.IsThere(one)
                    ? Build(With(current.Exports, [export]), Places(current.Roots), [.. away.Where(k => k != one)])
                    : [new ExportError(export.Origin, $"{export.Path} was exported to {export.Client} by an order and is not now, for its filesystem is not mounted on {one.MountPoint}: mount it and export it again, or forget it by unexport")]);
            }
            return errors;
        }
    }

    /// <summary>
    /// Takes out the entries of a path, or the one of a path and client word. They are out also where that cannot be kept on
    /// stable storage, which is reported.
    /// </summary>
    public IReadOnlyList<ExportError> Remove(string path, string? client)
    {
        bool Stays(Export e) => e.Path != path || (client is not null && e.Client.Text != client);
        lock (gate)
        {
            var kept = current.Exports.Where(Stays).ToArray();
            var roots = RootsOf(kept, Places(current.Roots));
            Publish(kept, roots, [.. away.Where(k => Stays(k.Export))]);
            int error = Keep(roots, away);
            return error == 0 ? [] : [new ExportError("", $"{path} is not exported any more, but a restart would export it again: the state directory cannot be written ({Errno.Describe(error)})") { Errno = error }];
        }
    }

    private IReadOnlyList<ExportError> Build(IReadOnlyList<Export> exports, Dictionary<string, (FileSystem, FileKey)> known, IReadOnlyList<KeptExport> stillAway)
    {
        ThreadIdentity.BecomeRoot();
        var errors = new List<ExportError>();
        var resolved = exports.Select(e => ResolveHost(e, errors)).ToArray();
        var places = fileSystems.Identify(resolved, known, errors);
        if (errors.Count > 0)
            return errors;
        var roots = RootsOf(resolved, places);
        int error = Keep(roots, stillAway);
        if (error != 0)
            return [new ExportError("", $"the export cannot be kept in the state directory ({Errno.Describe(error)}), so it is not made") { Errno = error }];
        Publish(resolved, roots, stillAway);
        return [];
    }

    private void Publish(IReadOnlyList<Export> exports, IReadOnlyList<ExportRoot> roots, IReadOnlyList<KeptExport> stillAway)
    {
        fileSystems.Keep(roots.Select(r => r.FileSystem));
        away = stillAway;
        current = new ExportSnapshot([.. exports.Select(e => roots.First(r => r.Path == e.Path).Entries.First(x => x.Client.Text == e.Client.Text))], roots);
    }

    /// <summary>Puts what orders added on stable storage, if that has changed. 0, or the error number.</summary>
    private int Keep(IReadOnlyList<ExportRoot> roots, IReadOnlyList<KeptExport> stillAway)
    {
        if (file is null)
            return 0;
        string text = KeptExportFile.Describe([.. stillAway, .. roots.SelectMany(r =>
            r.Entries.Where(e => e.IsOrdered).Select(e => new KeptExport(e, r.FileSystem.OwnIdentity, r.FileSystem.MountPoint)))]);
        int error = text == written ? 0 : file.Write(text);
        if (error == 0)
            written = text;
        return error;
    }

    /// <summary>Entries, of which those for the same path and client are replaced.</summary>
    private static Export[] With(IReadOnlyList<Export> exports, IReadOnlyList<Export> added) =>
        [.. exports.Where(e => !added.Any(n => n.Path == e.Path && n.Client.Text == e.Client.Text)), .. added];

    /// <summary>
    /// Where the exports are, without paths that are to be looked for again. Of those stays what is away: a bare mount point is
    /// not what was exported.
    /// </summary>
    private Dictionary<string, (FileSystem, FileKey)> Except(IReadOnlyCollection<string> paths) =>
        Places(current.Roots.Where(r => !paths.Contains(r.Path) || fileSystems.IsAway(r.Path, r.FileSystem)));

    private static Dictionary<string, (FileSystem, FileKey)> Places(IEnumerable<ExportRoot> roots) =>
        roots.ToDictionary(r => r.Path, r => (r.FileSystem, r.Key));

    private static List<ExportRoot> RootsOf(IReadOnlyList<Export> exports, Dictionary<string, (FileSystem FileSystem, FileKey Key)> places) =>
        [.. exports.GroupBy(e => e.Path).Select(group =>
        {
            var (fileSystem, key) = places[group.Key];
            var entries = group.Select(e => e with { FileSystem = fileSystem.Id, Tag = TagOf(key) })
                .OrderBy(e => e.Client.Kind).ThenByDescending(e => e.Client.PrefixBits).ToArray();
            return new ExportRoot(group.Key, fileSystem, key, entries);
        })];

    private static uint TagOf(in FileKey root)
    {
        ulong hash = SipHash.Compute(root.HandleType, 0, root.Handle);
        return (uint)(hash ^ (hash >> 32));
    }

    private Export ResolveHost(Export export, List<ExportError> errors)
    {
        if (!export.Client.NeedsResolution)
            return export;
        var addresses = resolveHost(export.Client.Text);
        if (addresses.Count == 0)
            errors.Add(new ExportError(export.Origin, $"host {export.Client.Text} has no address: correct the name, or give the address itself"));
        return export with { Client = export.Client with { Addresses = addresses } };
    }
}
