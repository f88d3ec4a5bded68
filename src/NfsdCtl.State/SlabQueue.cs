namespace NfsdCtl.State;

internal interface IQueued : ISlabItem
{
    int QueueNext { get; set; }

    int QueuePrevious { get; set; }
}

/// <summary>Slots of a slab in the order in which they were put in; any of them can leave. A slot is in one queue at most.</summary>
internal sealed class SlabQueue<T>(Slab<T> slab)
    where T : struct, IQueued
{
    private int last;

    /// <summary>The one that has been in for longest; 0: none.</summary>
    public int First { get; private set; }

    public int Count { get; private set; }

    public void Push(int at)
    {
        ref T slot = ref slab[at];
        slot.QueueNext = 0;
        slot.QueuePrevious = last;
        if (last == 0)
            First = at;
        else
            slab[last].QueueNext = at;
        last = at;
        Count++;
    }

    public void Remove(int at)
    {
        ref T slot = ref slab[at];
        if (slot.QueuePrevious == 0)
            First = slot.QueueNext;
        else
            slab[slot.QueuePrevious].QueueNext = slot.QueueNext;
        if (slot.QueueNext == 0)
            last = slot.QueuePrevious;
        else
            slab[slot.QueueNext].QueuePrevious = slot.QueuePrevious;
        slot.QueueNext = slot.QueuePrevious = 0;
        Count--;
    }
}
