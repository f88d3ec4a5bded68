namespace NfsdCtl.TestKit.Clients;

/// <summary>Bytes of a file. A length of 0 reaches to the end of the file, as in NLM.</summary>
public readonly record struct Span64(ulong Start, ulong Length)
{
    public bool Overlaps(Span64 other) => Start <= other.Last && other.Start <= Last;

    private ulong Last => Length == 0 ? ulong.MaxValue : Start + Length - 1;
}

/// <summary>
/// What all clients together believe to hold, from the moment of a grant until just before they give it back: the one place that
/// sees two clients hold the same bytes. Safe for use by several threads.
/// </summary>
public sealed class LockLedger
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, List<Held>> files = [];
    private readonly List<string> doubled = [];

    private readonly record struct Held(string Owner, Span64 Range, bool Exclusive);

    /// <summary>One line for each grant that conflicts with a lock which another owner still holds.</summary>
    public IReadOnlyList<string> Doubled
    {
        get
        {
            lock (gate)
                return [.. doubled];
        }
    }

    /// <summary>Locks that are held.</summary>
    public int Count
    {
        get
        {
            lock (gate)
                return files.Values.Sum(held => held.Count);
        }
    }

    /// <summary>Notes a grant, whole ranges only: an owner's second grant of the same range takes the place of its first.</summary>
    public void Granted(string file, string owner, Span64 range, bool exclusive)
    {
        lock (gate)
        {
            if (!files.TryGetValue(file, out var held))
                files.Add(file, held = []);
            foreach (var other in held)
            {
                if (other.Owner != owner && (other.Exclusive || exclusive) && other.Range.Overlaps(range))
                    doubled.Add($"{file} {range.Start}+{range.Length}: granted to {owner} while {other.Owner} holds {other.Range.Start}+{other.Range.Length}");
            }

            held.RemoveAll(h => h.Owner == owner && h.Range == range);
            held.Add(new Held(owner, range, exclusive));
        }
    }

    /// <summary>Notes that an owner gives a range back, or learned that it lost it.</summary>
    public void Released(string file, string owner, Span64 range)
    {
        lock (gate)
        {
            if (files.TryGetValue(file, out var held))
                held.RemoveAll(h => h.Owner == owner && h.Range == range);
        }
    }
}
