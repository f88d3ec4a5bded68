using System.Text;
using NfsdCtl.Linux;
using NfsdCtl.Vfs.Exports;
using NfsdCtl.Vfs.Nodes;

namespace NfsdCtl.Vfs.FileSystems;

/// <summary>The filesystems that hold exports, by identity.</summary>
/// <param name="recordsDirectory"><c>[nfsdctl] records-dir</c>; null keeps the server's files on each filesystem itself.</param>
public sealed unsafe class FileSystemTable(MountTable mounts, string? recordsDirectory)
{
    private volatile IReadOnlyDictionary<FsId, FileSystem> table = new Dictionary<FsId, FileSystem>();

    public IEnumerable<FileSystem> All => table.Values;

    public FileSystem? TryGet(FsId id) => table.GetValueOrDefault(id);

    /// <summary>Takes a filesystem that <see cref="Recognise"/> knows into the table, although nothing on it is exported yet.</summary>
    public FileSystem? Adopt(string path)
    {
        if (Recognise(path) is not { } adopted)
            return null;
        Keep([adopted]);
        return adopted;
    }

    /// <summary>
    /// The filesystem of a path that carries the server's own files: its identity is the one under which it was served before.
    /// Null when it carries none. Nothing of it stays open.
    /// </summary>
    /// <param name="path">A path without links.</param>
    public FileSystem? Recognise(string path)
    {
        if (mounts.Covering(path) is not { } mount)
            return null;
        int root = Descriptors.Open(mount.MountPoint, Descriptors.O_RDONLY | Descriptors.O_CLOEXEC | Files.O_DIRECTORY);
        if (root < 0)
            return null;
        var own = FileSystemIdentity.Find(root, mount);
        Descriptors.Close(root);
        if ((IdentityStore.Read(Path.Combine(mount.MountPoint, FileSystem.HiddenName)) ?? KeptElsewhere(own)) is not { } id)
            return null;
        return table.TryGetValue(id, out var known) && known.MountPoint == mount.MountPoint ? known : new FileSystem(id, own, mount, recordsDirectory);
    }

    /// <summary>With <c>records-dir</c> the filesystem itself carries nothing: it is known by its own identity, if that has records.</summary>
    private FsId? KeptElsewhere(FsId? own) =>
        recordsDirectory is not null && own is { } id && Directory.Exists(Path.Combine(recordsDirectory, id.ToString())) ? id : null;

    /// <summary>
    /// Finds the filesystem and the directory of each export. What is wrong goes to <paramref name="errors"/>; then the
    /// answer is not complete.
    /// </summary>
    /// <param name="known">Where paths are that stay exported: kept when their filesystem is not mounted now.</param>
    internal Dictionary<string, (FileSystem FileSystem, FileKey Key)> Identify(
        IReadOnlyList<Export> exports, Dictionary<string, (FileSystem FileSystem, FileKey Key)> known, List<ExportError> errors)
    {
        var found = new List<Place>();
        var result = new Dictionary<string, (FileSystem, FileKey)>();
        foreach (var group in exports.GroupBy(e => e.Path))
        {
            bool isKnown = known.TryGetValue(group.Key, out var before);
            var place = Examine(group.First(), isKnown ? [] : errors);
            // A bare mount point belongs to the filesystem above: what is exported there is away.
            if (isKnown && (place is null || place.Own != before.FileSystem.OwnIdentity || place.Mount.MountPoint != before.FileSystem.MountPoint))
                result[group.Key] = before;
            else if (place is not null)
                found.Add(place with { Explicit = ExplicitId([.. group], errors) });
        }
        var byIdentity = new Dictionary<FsId, Place>();
        foreach (var onOneFileSystem in found.GroupBy(p => p.Volume))
        {
            if (IdentityOf([.. onOneFileSystem], errors) is not { } id)
                continue;
            var first = onOneFileSystem.First();
            if (byIdentity.TryGetValue(id, out var other))
            {
                errors.Add(new ExportError(first.Export.Origin,
                    $"{first.Export.Path} and {other.Export.Path} are on different filesystems with one identity, {id}: give one of them another fsid="));
                continue;
            }
            byIdentity.Add(id, first);
            var fileSystem = Reuse(id, first);
            foreach (var place in onOneFileSystem)
                result[place.Export.Path] = (fileSystem, new FileKey(id, place.Key.HandleType, place.Key.Handle));
        }
        return result;
    }

    /// <summary>Makes <paramref name="used"/> the filesystems in the table. Those that are no longer exported are closed by their release.</summary>
    internal void Keep(IEnumerable<FileSystem> used)
    {
        var next = new Dictionary<FsId, FileSystem>(table);
        foreach (var fileSystem in used)
            next[fileSystem.Id] = fileSystem;
        table = next;
    }

    /// <summary>The filesystem object that is already there, so that its descriptors and verifier stay, or a new one.</summary>
    private FileSystem Reuse(FsId id, Place place) =>
        table.TryGetValue(id, out var known) && known.MountPoint == place.Mount.MountPoint && known.Type == place.Mount.Type && known.OwnIdentity == place.Own
            ? known
            : new FileSystem(id, place.Own, place.Mount, recordsDirectory);

    /// <summary>Whether an exported path is below the mount point of its filesystem, and that is bare: the path belongs to a filesystem above now, or is not there.</summary>
    internal bool IsAway(string path, FileSystem fileSystem)
    {
        ThreadIdentity.BecomeRoot();
        int directory = OpenDirectory(path);
        if (directory < 0)
            return true;
        byte empty = 0;
        bool found = KernelHandles.TryGet(directory, &empty, Files.AT_EMPTY_PATH, FsId.Any, out _, out int mountId);
        Descriptors.Close(directory);
        string? above = found ? mounts.ById(mountId)?.MountPoint : null;
        return above is null || (above != fileSystem.MountPoint && MountTable.IsBelow(fileSystem.MountPoint, above));
    }

    /// <summary>Whether the filesystem of an export that an order added is mounted where it was then.</summary>
    internal bool IsThere(KeptExport kept)
    {
        ThreadIdentity.BecomeRoot();
        return Examine(kept.Export, []) is { } place && place.Own == kept.Identity && place.Mount.MountPoint == kept.MountPoint;
    }

    private static int OpenDirectory(string name)
    {
        fixed (byte* path = Encoding.UTF8.GetBytes(name + "\0"))
            return Files.OpenAt(Files.AT_FDCWD, path, Descriptors.O_RDONLY | Files.O_DIRECTORY | Descriptors.O_CLOEXEC, 0);
    }

    private Place? Examine(Export export, List<ExportError> errors)
    {
        int directory = OpenDirectory(export.Path);
        if (directory < 0)
        {
            errors.Add(new ExportError(export.Origin, Errno.Last switch
            {
                Errno.ENOENT => $"{export.Path} does not exist: create it, or mount its filesystem first",
                Errno.ENOTDIR => $"{export.Path} is not a directory: export the directory that holds it",
                var other => $"{export.Path} cannot be opened: {Errno.Describe(other)}",
            }));
            return null;
        }
        try
        {
            return Examine(export, directory, errors);
        }
        finally
        {
            Descriptors.Close(directory);
        }
    }

    private Place? Examine(Export export, int directory, List<ExportError> errors)
    {
        byte empty = 0;
        StatxData data;
        if (!KernelHandles.TryGet(directory, &empty, Files.AT_EMPTY_PATH, FsId.Any, out var key, out int mountId)
            || Files.Statx(directory, &empty, Files.AT_EMPTY_PATH, Files.STATX_BASIC_STATS, &data) < 0)
        {
            errors.Add(new ExportError(export.Origin,
                $"{export.Path}: its filesystem gives no file handles ({Errno.Describe(Errno.Last)}), so it cannot be exported: export a directory of a disk filesystem"));
            return null;
        }
        if (mounts.ById(mountId) is not { } mount)
        {
            errors.Add(new ExportError(export.Origin, $"{export.Path}: its mount is not in /proc/self/mountinfo: mount it in the server's own mount namespace"));
            return null;
        }
        var volume = ((ulong)data.FileSystemMajor << 32) | data.FileSystemMinor;
        return new Place(export, key, mount, volume, FileSystemIdentity.Find(directory, mount), null);
    }

    private static FsId? ExplicitId(Export[] entries, List<ExportError> errors)
    {
        FsId? id = null;
        foreach (var entry in entries)
        {
            if (entry.Options.FsId is not { } given)
                continue;
            if (id is { } before && before != given)
                errors.Add(new ExportError(entry.Origin, $"{entry.Path} has two identities, {before} and {given}: give the same fsid= to all its clients"));
            id = given;
        }
        return id;
    }

    /// <summary>One filesystem has one identity: the fsid= of any export on it, or else its own.</summary>
    private static FsId? IdentityOf(Place[] places, List<ExportError> errors)
    {
        var named = places.Where(p => p.Explicit is not null).ToArray();
        foreach (var place in named.Skip(1))
            if (place.Explicit != named[0].Explicit)
                errors.Add(new ExportError(place.Export.Origin,
                    $"{place.Export.Path} and {named[0].Export.Path} are on one filesystem and have different fsid=: give them the same, or none"));
        if (named.Length > 0)
            return named[0].Explicit;
        if (places[0].Own is { } own)
            return own;
        errors.Add(new ExportError(places[0].Export.Origin,
            $"{places[0].Export.Path}: {places[0].Mount.Type} has no identity that lasts: add fsid=N (any number that no other export has) to its options"));
        return null;
    }

    /// <param name="Volume">The device number, which only tells apart what is mounted now; it never leaves this table.</param>
    private sealed record Place(Export Export, FileKey Key, MountEntry Mount, ulong Volume, FsId? Own, FsId? Explicit);
}
