using System.Runtime.CompilerServices;

namespace NfsdCtl.State;

internal interface ISlabItem
{
    /// <summary>The next free slot, while the slot is free.</summary>
    int FreeNext { get; set; }
}

/// <summary>
/// A table of structures found by index, in chunks that never move: a million locks cost the garbage collector nothing (objects:
/// 200 ms per collection), growth copies nothing, and a reference to a slot stays good. Index 0 means "none".
/// </summary>
internal sealed class Slab<T>(int limit)
    where T : struct, ISlabItem
{
    private const int ChunkBits = 13;
    private const int ChunkMask = (1 << ChunkBits) - 1;
    private T[][] chunks = new T[4][];
    private int free;
    private int next = 1;

    public int Count { get; private set; }

    /// <summary>One more than the highest index ever used.</summary>
    public int End => next;

    public int Available => limit - Count;

    public ref T this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref chunks[index >> ChunkBits][index & ChunkMask];
    }

    /// <summary>A cleared slot. The caller has asked for <see cref="Available"/>.</summary>
    public int Take()
    {
        Count++;
        int index = free;
        if (index != 0)
        {
            ref T slot = ref this[index];
            free = slot.FreeNext;
            slot = default;
            return index;
        }
        index = next++;
        int chunk = index >> ChunkBits;
        if (chunk == chunks.Length)
            Array.Resize(ref chunks, chunk * 2);
        chunks[chunk] ??= new T[1 << ChunkBits];
        return index;
    }

    public void Give(int index)
    {
        ref T slot = ref this[index];
        slot = default;
        slot.FreeNext = free;
        free = index;
        Count--;
    }
}
