namespace NfsdCtl.Vfs.Exports;

/// <summary>
/// What one export served (the kernel's export_stats). Counted without atomic additions: a lost count is cheaper than a cache
/// line that all cores fight for. Takes no part in the equality of exports.
/// </summary>
public sealed class ExportCounters : IEquatable<ExportCounters>
{
    private long staleHandles;
    private long bytesRead;
    private long bytesWritten;

    /// <summary>Handles that named no file any more.</summary>
    public long StaleHandles => Volatile.Read(ref staleHandles);

    public long BytesRead => Volatile.Read(ref bytesRead);

    public long BytesWritten => Volatile.Read(ref bytesWritten);

    public void CountStale() => staleHandles++;

    public void CountRead(int bytes) => bytesRead += bytes;

    public void CountWritten(int bytes) => bytesWritten += bytes;

    public bool Equals(ExportCounters? other) => other is not null;

    public override bool Equals(object? obj) => obj is ExportCounters;

    public override int GetHashCode() => 0;
}
