namespace NfsdCtl.Vfs.FileSystems;

/// <summary>
/// How long a commit waits for those who will want it too. A client whose change is answered often has its next one on the way;
/// a commit that starts without it makes it wait for two. So the next one starts when as many wait as had waited for the last and
/// during it, or after half of the last one's time. Who comes alone is never kept: one is expected, and one is there.
/// Where waiting was in vain it is tried ever more seldom, and where a commit takes less than a millisecond not at all: the processor is
/// better used for the commit than for nothing.
/// </summary>
internal sealed class CommitGathering
{
    private const int MostSkipped = 64;
    private static readonly TimeSpan Fast = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan MostPatience = TimeSpan.FromMilliseconds(5);

    private TimeSpan took;
    private int skips = 1;
    private int skipped;

    /// <summary>How many should wait when a commit starts.</summary>
    public int Expected { get; private set; }

    /// <summary>How long to wait at most, now that <paramref name="waiting"/> are there.</summary>
    public TimeSpan Patience(int waiting)
    {
        if (waiting >= Expected || skipped > 0 || took < Fast)
        {
            skipped = Math.Max(0, skipped - 1);
            return TimeSpan.Zero;
        }
        return took / 2 < MostPatience ? took / 2 : MostPatience;
    }

    /// <summary>It was waited, and so many are there now.</summary>
    public void Waited(int waiting)
    {
        if (waiting >= Expected)
        {
            skips = 1;
            return;
        }
        skipped = skips;
        skips = Math.Min(skips * 2, MostSkipped);
    }

    /// <summary>A commit has ended.</summary>
    /// <param name="released">Who waited for it.</param>
    /// <param name="waiting">Who came meanwhile.</param>
    /// <param name="duration">How long it took.</param>
    public void Committed(int released, int waiting, TimeSpan duration)
    {
        Expected = released + waiting;
        took = duration;
    }
}
