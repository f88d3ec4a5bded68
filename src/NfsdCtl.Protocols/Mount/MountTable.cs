namespace NfsdCtl.Protocols.Mount;

/// <summary>One entry of the mount list (RFC 1813 appendix I, §5.2.2): who says to have mounted what.</summary>
public readonly record struct MountEntry(NetAddress Client, string Path);

/// <summary>
/// The list that DUMP shows. It is a courtesy: clients enter and leave it as they please, a crashed client stays in it, and
/// nothing depends on it. So it is kept in memory, is empty after a start, and forgets its oldest entry when it is full.
/// </summary>
public sealed class MountTable
{
    /// <summary>The most entries: more than a DUMP reply over UDP carries.</summary>
    public const int Capacity = 4096;

    private readonly Lock gate = new();
    private readonly LinkedList<MountEntry> byAge = new();
    private readonly Dictionary<MountEntry, LinkedListNode<MountEntry>> entries = [];

    public void Add(MountEntry entry)
    {
        lock (gate)
        {
            if (entries.ContainsKey(entry))
                return;
            if (entries.Count == Capacity && byAge.First is { } oldest)
                Drop(oldest.Value);
            entries[entry] = byAge.AddLast(entry);
        }
    }

    public void Remove(MountEntry entry)
    {
        lock (gate)
            Drop(entry);
    }

    /// <summary>Everything that <paramref name="client"/> mounted (UMNTALL).</summary>
    public void RemoveAll(NetAddress client)
    {
        lock (gate)
        {
            foreach (var entry in byAge.Where(e => e.Client == client).ToList())
                Drop(entry);
        }
    }

    /// <summary>A copy, oldest first.</summary>
    public IReadOnlyList<MountEntry> Snapshot()
    {
        lock (gate)
            return [.. byAge];
    }

    private void Drop(MountEntry entry)
    {
        if (entries.Remove(entry, out var node))
            byAge.Remove(node);
    }
}
