using System.Buffers.Binary;

namespace NfsdCtl.Wire.Xdr;

/// <summary>
/// A cursor over received XDR (RFC 4506). An error is sticky: after the first bad length or short read every method
/// returns a default value and <see cref="Failed"/> stays true, so that a caller checks once. Nothing is copied or
/// allocated; opaque data are slices of the request buffer and live as long as it does.
/// </summary>
public ref struct XdrReader
{
    private readonly ReadOnlySpan<byte> data;
    private int position;

    public XdrReader(ReadOnlySpan<byte> data)
    {
        this.data = data;
        position = 0;
        Failed = false;
    }

    /// <summary>True once a read went past the end or a length was over its bound (GARBAGE_ARGS, RFC 5531 §9).</summary>
    public bool Failed { get; private set; }

    public readonly int Position => position;

    public readonly int Remaining => data.Length - position;

    /// <summary>What is left, without moving.</summary>
    public readonly ReadOnlySpan<byte> Rest => data[position..];

    public void Fail()
    {
        Failed = true;
        position = data.Length;
    }

    public uint U32()
    {
        if (data.Length - position < 4)
        {
            Fail();
            return 0;
        }
        uint value = BinaryPrimitives.ReadUInt32BigEndian(data[position..]);
        position += 4;
        return value;
    }

    public int I32() => (int)U32();

    public ulong U64()
    {
        if (data.Length - position < 8)
        {
            Fail();
            return 0;
        }
        ulong value = BinaryPrimitives.ReadUInt64BigEndian(data[position..]);
        position += 8;
        return value;
    }

    public long I64() => (long)U64();

    /// <summary>A boolean; anything but 0 and 1 is an error (RFC 4506 §4.4).</summary>
    public bool Bool()
    {
        uint value = U32();
        if (value > 1)
            Fail();
        return value == 1;
    }

    /// <summary>Fixed-length opaque data with its padding (RFC 4506 §4.9). The padding's value is not looked at.</summary>
    public ReadOnlySpan<byte> Fixed(int length)
    {
        // Unsigned: padding a length near int.MaxValue must not wrap round to a small or negative number.
        uint padded = ((uint)length + 3) & ~3u;
        if (length < 0 || (uint)Remaining < padded)
        {
            Fail();
            return default;
        }
        var value = data.Slice(position, length);
        position += (int)padded;
        return value;
    }

    /// <summary>Variable-length opaque data or a string (RFC 4506 §4.10, §4.11): a length over <paramref name="max"/> is an error.</summary>
    public ReadOnlySpan<byte> Opaque(int max)
    {
        uint length = U32();
        if (length > (uint)max)
        {
            Fail();
            return default;
        }
        return Fixed((int)length);
    }

    /// <summary>The element count of a variable-length array: over <paramref name="max"/> is an error, and 0 is returned.</summary>
    public int Count(int max)
    {
        uint count = U32();
        if (count > (uint)max)
        {
            Fail();
            return 0;
        }
        return (int)count;
    }
}
