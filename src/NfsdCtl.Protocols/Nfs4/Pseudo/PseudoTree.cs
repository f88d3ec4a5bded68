using NfsdCtl.Vfs;
using NfsdCtl.Vfs.Exports;

namespace NfsdCtl.Protocols.Nfs4.Pseudo;

/// <summary>The paths that lead to the exports of one moment; never changed once it is made.</summary>
internal sealed class PseudoTree
{
    private readonly Dictionary<string, PseudoDirectory> byPath = [];
    private readonly Dictionary<(ulong, ulong), PseudoDirectory> byHash = [];

    public PseudoTree(ExportSnapshot snapshot, VfsTime made)
    {
        Snapshot = snapshot;
        Made = made;
        Root = Ensure("/");
        foreach (var export in snapshot.Roots)
            Ensure(export.Path).Export = export;
    }

    public ExportSnapshot Snapshot { get; }

    /// <summary>When these exports came into force here.</summary>
    public VfsTime Made { get; }

    public PseudoDirectory Root { get; }

    public PseudoDirectory? Find(string path) => byPath.GetValueOrDefault(path);

    public PseudoDirectory? Find(ulong low, ulong high) => byHash.GetValueOrDefault((low, high));

    /// <summary>The directory of the tree in whose place an export is; the root where it is <c>fsid=0</c>, which hides the rest.</summary>
    public PseudoDirectory? RootExport(FileService files, NetAddress client)
    {
        foreach (var export in Snapshot.Roots)
            if (export.Entries.Any(e => e.Options.IsRoot) && files.VisibilityOf(export, client) == ExportVisibility.Visible)
                return Find(export.Path);
        return null;
    }

    /// <summary>Whether a client may use an export at this path or below it; pending ones count, for the client is told to come back.</summary>
    public static bool IsVisible(PseudoDirectory directory, FileService files, NetAddress client)
    {
        if (directory.Export is { } export && files.VisibilityOf(export, client) != ExportVisibility.Hidden)
            return true;
        foreach (var child in directory.Children)
            if (IsVisible(child, files, client))
                return true;
        return false;
    }

    private PseudoDirectory Ensure(string path)
    {
        if (byPath.TryGetValue(path, out var known))
            return known;
        var parent = path == "/" ? null : Ensure(ParentOf(path));
        var made = new PseudoDirectory(path, parent);
        parent?.Add(made);
        byPath.Add(path, made);
        byHash.Add((made.Low, made.High), made);
        return made;
    }

    public static string ParentOf(string path) => path.LastIndexOf('/') is > 0 and var at ? path[..at] : "/";
}
