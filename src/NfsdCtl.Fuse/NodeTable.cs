using System.Text;

namespace NfsdCtl.Fuse;

/// <summary>
/// The nodes that the kernel knows, each with the number of LOOKUPs that it has not forgotten yet. A directory keeps its number for as long as it is
/// known; a file gets a fresh one per LOOKUP, so that two writers of one file hold two inodes in the kernel: with one, the second would hang
/// unkillably behind the first on the inode's lock (fuse_file_write_iter, do_truncate).
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class NodeTable
{
    private readonly Lock gate = new();
    private readonly Dictionary<ulong, Node> nodes = new() { [FuseConstants.RootNode] = new Node("/", true) };
    private readonly Dictionary<string, ulong> directories = new(StringComparer.Ordinal);
    private ulong last = FuseConstants.RootNode;

    /// <summary>How many nodes the kernel has not forgotten, the root included.</summary>
    public int Count
    {
        get
        {
            lock (gate)
                return nodes.Count;
        }
    }

    /// <summary>The path of a node in UTF-8, or null when the number is unknown.</summary>
    public byte[]? PathOf(ulong number)
    {
        lock (gate)
            return nodes.TryGetValue(number, out var node) ? node.Path : null;
    }

    /// <summary>Counts one LOOKUP of the path and gives the number to answer.</summary>
    public ulong Remember(byte[] path, bool isDirectory)
    {
        string text = Encoding.UTF8.GetString(path);
        lock (gate)
        {
            if (isDirectory && directories.TryGetValue(text, out ulong known))
            {
                nodes[known].Lookups++;
                return known;
            }
            nodes.Add(++last, new Node(path, text, isDirectory) { Lookups = 1 });
            if (isDirectory)
                directories.Add(text, last);
            return last;
        }
    }

    /// <summary>Takes back lookups; the node goes with the last one. Numbers unknown are ignored: the kernel may say anything.</summary>
    public void Forget(ulong number, ulong lookups)
    {
        lock (gate)
        {
            if (number == FuseConstants.RootNode || !nodes.TryGetValue(number, out var node))
                return;
            node.Lookups -= Math.Min(lookups, node.Lookups);
            if (node.Lookups > 0)
                return;
            nodes.Remove(number);
            if (node.IsDirectory)
                directories.Remove(node.Text);
        }
    }

    private sealed class Node(byte[] path, string text, bool isDirectory)
    {
        public Node(string text, bool isDirectory)
            : this(Encoding.UTF8.GetBytes(text), text, isDirectory)
        {
        }

        public byte[] Path { get; } = path;

        public string Text { get; } = text;

        public bool IsDirectory { get; } = isDirectory;

        public ulong Lookups { get; set; }
    }
}
