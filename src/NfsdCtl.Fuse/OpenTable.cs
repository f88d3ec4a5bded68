namespace NfsdCtl.Fuse;

/// <summary>Handles given to the kernel. A number is never used twice, so that a late RELEASE cannot hit another's file.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class OpenTable<T>
    where T : class
{
    private readonly Lock gate = new();
    private readonly Dictionary<ulong, T> open = [];
    private ulong last;

    public int Count
    {
        get
        {
            lock (gate)
                return open.Count;
        }
    }

    public ulong Add(T item)
    {
        lock (gate)
        {
            open.Add(++last, item);
            return last;
        }
    }

    public T? Find(ulong handle)
    {
        lock (gate)
            return open.GetValueOrDefault(handle);
    }

    public T? Remove(ulong handle)
    {
        lock (gate)
            return open.Remove(handle, out var item) ? item : null;
    }
}
