using System.Runtime.InteropServices;

namespace NfsdCtl.Wire.Server;

/// <summary>Memory outside of the garbage collector's reach, so that the kernel may be handed its address.</summary>
public sealed unsafe class NativeBuffer : IDisposable
{
    private NativeBuffer(int size)
    {
        Pointer = (byte*)NativeMemory.Alloc((nuint)size);
        Size = size;
    }

    ~NativeBuffer() => NativeMemory.Free(Pointer);

    public byte* Pointer { get; private set; }

    public int Size { get; private set; }

    public Span<byte> Span => new(Pointer, Size);

    /// <summary>Gives the memory back at once: the collector, which sees a small object only, would take its time.</summary>
    public void Dispose()
    {
        NativeMemory.Free(Pointer);
        Pointer = null;
        Size = 0;
        GC.SuppressFinalize(this);
    }

    internal static NativeBuffer Create(int size) => new(size);

    /// <summary>Grows to at least <paramref name="size"/>; the first <paramref name="keep"/> bytes stay.</summary>
    internal void Grow(int size, int keep)
    {
        byte* larger = (byte*)NativeMemory.Alloc((nuint)size);
        new ReadOnlySpan<byte>(Pointer, keep).CopyTo(new Span<byte>(larger, size));
        NativeMemory.Free(Pointer);
        Pointer = larger;
        Size = size;
    }
}

/// <summary>
/// Buffers for what is received: small ones that most connections need for the length of a burst, and large ones that hold one
/// record of the greatest length. A bounded number of each is kept; idle connections hold none.
/// </summary>
internal sealed class BufferPool(int maxRecord)
{
    public const int SmallSize = 64 * 1024;
    private const int KeptSmall = 256;
    private const int KeptLarge = 32;

    private readonly Stack<NativeBuffer> small = new();
    private readonly Stack<NativeBuffer> large = new();
    private readonly Lock gate = new();
    private long inUse;

    /// <summary>Bytes that are rented now.</summary>
    public long InUse => Volatile.Read(ref inUse);

    /// <summary>One record of the greatest length, its marks and the beginning of the next.</summary>
    private readonly int largeSize = maxRecord + SmallSize;

    public NativeBuffer Rent(int size)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, largeSize);
        var kept = size <= SmallSize ? small : large;
        int full = size <= SmallSize ? SmallSize : largeSize;
        lock (gate)
        {
            inUse += full;
            if (kept.TryPop(out var buffer))
                return buffer;
        }
        return NativeBuffer.Create(full);
    }

    public void Return(NativeBuffer buffer)
    {
        var (kept, most) = buffer.Size == SmallSize ? (small, KeptSmall) : (large, KeptLarge);
        lock (gate)
        {
            inUse -= buffer.Size;
            if (kept.Count < most)
            {
                kept.Push(buffer);
                return;
            }
        }
        buffer.Dispose();
    }
}
