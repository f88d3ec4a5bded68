using System.Numerics;

namespace NfsdCtl.State;

internal interface IHashed : ISlabItem
{
    int Hash { get; set; }

    int HashNext { get; set; }
}

/// <summary>Chains through a slab by hash: finding, adding and removing allocate nothing but the doubling of the buckets.</summary>
internal sealed class HashIndex<T>(Slab<T> slab)
    where T : struct, IHashed
{
    private int[] buckets = new int[1024];
    private int count;

    /// <summary>The first of the chain in which an item of this hash is; the next by <see cref="IHashed.HashNext"/>.</summary>
    public int First(int hash) => buckets[Bucket(hash)];

    public void Add(int index, int hash)
    {
        if (++count > buckets.Length)
            Grow();
        ref T item = ref slab[index];
        ref int bucket = ref buckets[Bucket(hash)];
        item.Hash = hash;
        item.HashNext = bucket;
        bucket = index;
    }

    public void Remove(int index)
    {
        count--;
        ref T item = ref slab[index];
        ref int bucket = ref buckets[Bucket(item.Hash)];
        if (bucket == index)
        {
            bucket = item.HashNext;
            return;
        }
        int at = bucket;
        while (slab[at].HashNext != index)
            at = slab[at].HashNext;
        slab[at].HashNext = item.HashNext;
    }

    private int Bucket(int hash) => hash & (buckets.Length - 1);

    private void Grow()
    {
        int[] old = buckets;
        buckets = new int[(int)BitOperations.RoundUpToPowerOf2((uint)old.Length + 1)];
        foreach (int head in old)
        {
            for (int at = head; at != 0;)
            {
                ref T item = ref slab[at];
                int next = item.HashNext;
                ref int bucket = ref buckets[Bucket(item.Hash)];
                item.HashNext = bucket;
                bucket = at;
                at = next;
            }
        }
    }
}
