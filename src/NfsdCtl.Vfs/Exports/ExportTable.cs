using NfsdCtl.Linux;
using NfsdCtl.Vfs.FileSystems;
using NfsdCtl.Vfs.Handles;
using NfsdCtl.Vfs.Nodes;

namespace NfsdCtl.Vfs.Exports;

/// <summary>Something wrong with an export: where it was written, and what to do about it.</summary>
public sealed record ExportError(string Origin, string Message)
{
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
/// The exports in force. A change builds a whole new snapshot beside the old one and replaces it at once, or reports errors
/// and changes nothing. Not for request threads: it resolves host names and opens directories.
/// </summary>
public sealed class ExportTable(FileSystemTable fileSystems, IClientNames clientNames, Func<string, IReadOnlyList<NetAddress>> resolveHost)
{
    private readonly Lock gate = new();
    private volatile ExportSnapshot current = ExportSnapshot.Empty;

    public ExportSnapshot Current => current;

    public FileSystemTable FileSystems => fileSystems;

    public IClientNames ClientNames => clientNames;

    /// <summary>Replaces everything. All errors are reported; with any, the exports stay as they were.</summary>
    public IReadOnlyList<ExportError> Replace(IReadOnlyList<Export> exports)
    {
        lock (gate)
            return Build(exports, []);
    }

    /// <summary>
    /// Adds entries; one for the same path and client is replaced (exportfs -o does the same). Other paths stay as they are, also
    /// while their filesystem is not mounted.
    /// </summary>
    public IReadOnlyList<ExportError> Add(IReadOnlyList<Export> exports)
    {
        lock (gate)
            return Build([.. current.Exports.Where(e => !exports.Any(n => n.Path == e.Path && n.Client.Text == e.Client.Text)), .. exports], Except([.. exports.Select(e => e.Path)]));
    }

    /// <summary>Exports a path again as it is, to the same clients: on the filesystem that is mounted there now.</summary>
    public IReadOnlyList<ExportError> Renew(string path)
    {
        lock (gate)
            return Build(current.Exports, Except([path]));
    }

    /// <summary>Takes out the entries of a path, or the one of a path and client word; false when there is none.</summary>
    public bool Remove(string path, string? client)
    {
        lock (gate)
        {
            var kept = current.Exports.Where(e => e.Path != path || (client is not null && e.Client.Text != client)).ToArray();
            if (kept.Length == current.Exports.Count)
                return false;
            Publish(kept, RootsOf(kept, Roots(current)));
            return true;
        }
    }

    private IReadOnlyList<ExportError> Build(IReadOnlyList<Export> exports, Dictionary<string, (FileSystem, FileKey)> known)
    {
        ThreadIdentity.BecomeRoot();
        var errors = new List<ExportError>();
        var resolved = exports.Select(e => ResolveHost(e, errors)).ToArray();
        var places = fileSystems.Identify(resolved, known, errors);
        if (errors.Count > 0)
            return errors;
        Publish(resolved, RootsOf(resolved, places));
        return [];
    }

    private void Publish(IReadOnlyList<Export> exports, IReadOnlyList<ExportRoot> roots)
    {
        fileSystems.Keep(roots.Select(r => r.FileSystem));
        current = new ExportSnapshot([.. exports.Select(e => roots.First(r => r.Path == e.Path).Entries.First(x => x.Client.Text == e.Client.Text))], roots);
    }

    /// <summary>
    /// Where the exports are, without paths that are to be looked for again. Of those stays what is away: a bare mount point is
    /// not what was exported.
    /// </summary>
    private Dictionary<string, (FileSystem, FileKey)> Except(IReadOnlyCollection<string> paths) =>
        current.Roots.Where(r => !paths.Contains(r.Path) || fileSystems.IsAway(r.Path, r.FileSystem)).ToDictionary(r => r.Path, r => (r.FileSystem, r.Key));

    private static Dictionary<string, (FileSystem, FileKey)> Roots(ExportSnapshot snapshot) =>
        snapshot.Roots.ToDictionary(r => r.Path, r => (r.FileSystem, r.Key));

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
