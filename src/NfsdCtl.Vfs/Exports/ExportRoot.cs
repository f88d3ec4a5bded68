using NfsdCtl.Vfs.FileSystems;

namespace NfsdCtl.Vfs.Exports;

/// <summary>How a client stands to an export.</summary>
internal enum ExportMatch : byte
{
    None,
    Found,

    /// <summary>A wildcard waits for the client's name to be looked up.</summary>
    Pending,
}

/// <summary>An exported directory and its entries, the most specific first.</summary>
public sealed class ExportRoot
{
    internal ExportRoot(string path, FileSystem fileSystem, FileKey key, Export[] entries)
    {
        Path = path;
        FileSystem = fileSystem;
        Key = key;
        Entries = entries;
    }

    public string Path { get; }

    public FileSystem FileSystem { get; }

    /// <summary>The exported directory.</summary>
    public FileKey Key { get; }

    public IReadOnlyList<Export> Entries { get; }

    /// <summary>
    /// The entry for a client. The kinds go from the most to the least specific as in mountd (support/export/hostname.c,
    /// client_compute): host, subnet, wildcard, anyone; within a kind the longest prefix, then the first.
    /// </summary>
    internal ExportMatch Match(NetAddress client, IClientNames names, out Export? export)
    {
        // An array walk without an enumerator: this runs for each request.
        var entries = (Export[])Entries;
        foreach (var entry in entries)
        {
            var match = entry.Client.Match(client, names);
            if (match == ExportMatch.None)
                continue;
            export = entry;
            return match;
        }
        export = null;
        return ExportMatch.None;
    }
}
