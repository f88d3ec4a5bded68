namespace NfsdCtl.Vfs;

/// <summary>One name of a directory. The name is valid while the reader's directory is held.</summary>
public readonly ref struct DirectoryEntry
{
    public ReadOnlySpan<byte> Name { get; init; }

    public ulong FileId { get; init; }

    /// <summary>Where to go on behind this entry.</summary>
    public ulong Cookie { get; init; }
}

/// <summary>
/// Lists a directory: look at <see cref="Current"/>, take it if there is room, <see cref="Advance"/>. The
/// <see cref="FileRef"/> that it was made from must stay undisposed meanwhile.
/// </summary>
public struct DirectoryReader : IDisposable
{
    private readonly FileService service;
    private readonly FileRef directory;
    private DirectoryListing? listing;
    private int index;
    private bool? maySearch;

    internal DirectoryReader(FileService service, in FileRef directory, DirectoryListing listing, int index)
    {
        this.service = service;
        this.directory = directory;
        this.listing = listing;
        this.index = index;
        GoOn();
    }

    /// <summary>True when no entry is left, or can be read.</summary>
    public readonly bool AtEnd => listing is null || index >= listing.Count;

    /// <summary>Why the entries behind the last one cannot be read; Ok while there are some, and at the directory's end.</summary>
    public VfsStatus Failure { get; private set; }

    /// <summary>No entry is left in the directory: its end, as clients are told.</summary>
    public readonly bool IsComplete => AtEnd && Failure == VfsStatus.Ok;

    /// <summary>The current entry; <c>.</c> and <c>..</c> are among them.</summary>
    public readonly DirectoryEntry Current
    {
        get
        {
            var entries = listing ?? throw new InvalidOperationException("at the end");
            var name = entries.NameOf(index);
            ref readonly var entry = ref entries[index];
            return new DirectoryEntry { Name = name, FileId = service.VisibleFileId(directory, name, entry.FileId), Cookie = entry.Cookie };
        }
    }

    public void Advance()
    {
        index++;
        GoOn();
    }

    /// <summary>
    /// Attributes and handle of the current entry, for READDIRPLUS; false when they cannot be had (gone meanwhile, no search
    /// right, a mount point), and then the entry goes out without them.
    /// </summary>
    public bool TryGetPlus(out Attributes attributes, Span<byte> handle, out int handleLength) =>
        service.TryGetPlus(directory, listing!, index, ref maySearch, out attributes, handle, out handleLength);

    public void Dispose() => listing = null;

    /// <summary>Goes to the next entry that is for this caller; at the end of a run that is not the directory's end, reads the next one.</summary>
    private void GoOn()
    {
        while (listing is { } run)
        {
            if (index < run.Count)
            {
                if (!run[index].IsForCrossersOnly || directory.CrossesMounts)
                    return;
                index++;
            }
            else if (run.IsComplete)
            {
                return;
            }
            else
            {
                index = 0;
                Failure = service.NextRun(directory, run, out listing);
            }
        }
    }
}
