namespace NfsdCtl.Vfs;

/// <summary>One name of a directory. The name is valid until the reader is disposed.</summary>
public readonly ref struct DirectoryEntry
{
    public ReadOnlySpan<byte> Name { get; init; }

    public ulong FileId { get; init; }

    /// <summary>Where to go on behind this entry.</summary>
    public ulong Cookie { get; init; }
}

/// <summary>Lists a directory: look at <see cref="Current"/>, take it if there is room, <see cref="Advance"/>.</summary>
public ref struct DirectoryReader
{
    /// <summary>True when no entry is left.</summary>
    public readonly bool AtEnd => throw new NotImplementedException();

    /// <summary>The current entry; <c>.</c> and <c>..</c> come first.</summary>
    public readonly DirectoryEntry Current => throw new NotImplementedException();

    public void Advance() => throw new NotImplementedException();

    /// <summary>
    /// Attributes and handle of the current entry, for READDIRPLUS; false when they cannot be had (gone meanwhile, no search
    /// right), and then the entry goes out without them.
    /// </summary>
    public readonly bool TryGetPlus(out Attributes attributes, Span<byte> handle, out int handleLength) => throw new NotImplementedException();

    public void Dispose()
    {
    }
}
