using NfsdCtl.State.Locks;

namespace NfsdCtl.Protocols.Local;

/// <summary>
/// Which ranges of a file are locked in the kernel by us, kept exactly as the kernel keeps them for one open file description
/// (fcntl(2): a lock replaces what the same owner held there, neighbours of one kind melt together). Ascending, disjoint. Pure.
/// </summary>
internal sealed class KernelCover
{
    private readonly List<CoverRange> ranges = [];

    public int Count => ranges.Count;

    public IReadOnlyList<CoverRange> Ranges => ranges;

    public void Clear() => ranges.Clear();

    /// <summary>Sets the kind of a range, or frees it.</summary>
    public void Set(LockRange range, LockKind? kind)
    {
        int at = FirstTouching(range);
        var united = range;
        CoverRange? before = null, after = null;
        int end = at;
        for (; end < ranges.Count && Touches(ranges[end].Range, range); end++)
        {
            var old = ranges[end];
            if (old.Kind == kind)
                united = new LockRange(Math.Min(united.Start, old.Range.Start), Math.Max(united.End, old.Range.End));
            else
            {
                if (old.Range.Start < range.Start)
                    before = new CoverRange(new LockRange(old.Range.Start, Math.Min(old.Range.End, range.Start - 1)), old.Kind);
                if (old.Range.End > range.End)
                    after = new CoverRange(new LockRange(Math.Max(old.Range.Start, range.End + 1), old.Range.End), old.Kind);
            }
        }
        ranges.RemoveRange(at, end - at);
        if (after is { } tail)
            ranges.Insert(at, tail);
        if (kind is { } set)
            ranges.Insert(at, new CoverRange(united, set));
        if (before is { } head)
            ranges.Insert(at, head);
    }

    /// <summary>True when the whole range is locked, at least as strongly.</summary>
    public bool Includes(LockRange range, LockKind kind)
    {
        ulong next = range.Start;
        for (int at = FirstEndingFrom(range.Start); at < ranges.Count; at++)
        {
            var locked = ranges[at];
            if (locked.Range.Start > next || locked.Kind < kind)
                return false;
            if (locked.Range.End >= range.End)
                return true;
            next = locked.Range.End + 1;
        }
        return false;
    }

    /// <summary>True when any byte of the range is locked, at least as strongly.</summary>
    public bool Overlaps(LockRange range, LockKind kind)
    {
        for (int at = FirstEndingFrom(range.Start); at < ranges.Count && ranges[at].Range.Start <= range.End; at++)
        {
            if (ranges[at].Kind >= kind)
                return true;
        }
        return false;
    }

    /// <summary>The first range that touches this one, or would come behind it.</summary>
    private int FirstTouching(LockRange range) => FirstEndingFrom(range.Start == 0 ? 0 : range.Start - 1);

    /// <summary>The index of the first range that ends at <paramref name="start"/> or later.</summary>
    private int FirstEndingFrom(ulong start)
    {
        int low = 0;
        int high = ranges.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (ranges[middle].Range.End < start)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    private static bool Touches(LockRange a, LockRange b) =>
        (b.Start == 0 || a.End >= b.Start - 1) && (a.Start == 0 || b.End >= a.Start - 1);
}
