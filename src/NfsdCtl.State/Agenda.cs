namespace NfsdCtl.State;

/// <summary>Something that falls due at a time that may be moved or dropped.</summary>
internal abstract class Timed
{
    public const long Never = long.MaxValue;

    /// <summary>When it is to fire, a timestamp.</summary>
    public long Due { get; set; } = Never;

    /// <summary>When the agenda will look at it; <see cref="Never"/> when it is not queued.</summary>
    public long LookedAt { get; set; } = Never;

    public abstract void Fire(in GateScope gate);
}

/// <summary>
/// What falls due, in order. Moving an item to a later time, or dropping it, is one assignment: it is looked at when it was first
/// due, and put back. So a client record's time after each unlock costs nothing.
/// </summary>
internal sealed class Agenda
{
    /// <summary>The most items that one gate entry fires.</summary>
    private const int Slice = 64;

    private readonly PriorityQueue<Timed, long> queue = new(64);

    public long Next { get; private set; } = Timed.Never;

    public void Set(Timed item, long due)
    {
        item.Due = due;
        if (due < item.LookedAt)
            Queue(item, due);
    }

    public void Fire(in GateScope gate, long now)
    {
        for (int i = 0; i < Slice && queue.TryPeek(out var item, out long at) && at <= now; i++)
        {
            queue.Dequeue();
            // Queued twice when it was moved to an earlier time: the later place is void.
            if (item.LookedAt != at)
                continue;
            item.LookedAt = Timed.Never;
            if (item.Due > now)
            {
                if (item.Due != Timed.Never)
                    Queue(item, item.Due);
                continue;
            }
            item.Due = Timed.Never;
            item.Fire(gate);
        }
        Next = queue.TryPeek(out _, out long next) ? next : Timed.Never;
    }

    private void Queue(Timed item, long at)
    {
        item.LookedAt = at;
        queue.Enqueue(item, at);
        if (at < Next)
            Next = at;
    }
}
