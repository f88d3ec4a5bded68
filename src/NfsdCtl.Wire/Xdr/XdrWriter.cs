using System.Buffers.Binary;

namespace NfsdCtl.Wire.Xdr;

/// <summary>
/// A cursor that writes XDR (RFC 4506) into a given span. Running out of room is sticky (<see cref="Overflow"/>) and checked
/// once by the caller; nothing is allocated.
/// </summary>
public ref struct XdrWriter
{
    private readonly Span<byte> buffer;
    private int position;

    public XdrWriter(Span<byte> buffer)
    {
        this.buffer = buffer;
        position = 0;
        Overflow = false;
    }

    /// <summary>Goes on behind <paramref name="position"/> bytes that the buffer holds already.</summary>
    public XdrWriter(Span<byte> buffer, int position)
        : this(buffer) => this.position = position;

    /// <summary>True once something did not fit; what was written before stands.</summary>
    public bool Overflow { get; private set; }

    /// <summary>Bytes written. May be set back to undo.</summary>
    public int Position
    {
        readonly get => position;
        set
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)value, (uint)position);
            position = value;
            Overflow = false;
        }
    }

    public readonly int Room => buffer.Length - position;

    public readonly ReadOnlySpan<byte> Written => buffer[..position];

    public void U32(uint value)
    {
        if (buffer.Length - position < 4)
        {
            Overflow = true;
            return;
        }
        BinaryPrimitives.WriteUInt32BigEndian(buffer[position..], value);
        position += 4;
    }

    public void I32(int value) => U32((uint)value);

    public void U64(ulong value)
    {
        if (buffer.Length - position < 8)
        {
            Overflow = true;
            return;
        }
        BinaryPrimitives.WriteUInt64BigEndian(buffer[position..], value);
        position += 8;
    }

    public void I64(long value) => U64((ulong)value);

    public void Bool(bool value) => U32(value ? 1u : 0u);

    /// <summary>Fixed-length opaque data and zero padding.</summary>
    public void Fixed(scoped ReadOnlySpan<byte> value)
    {
        var room = Take(value.Length);
        if (!Overflow)
            value.CopyTo(room);
    }

    /// <summary>Length, data, zero padding.</summary>
    public void Opaque(scoped ReadOnlySpan<byte> value)
    {
        U32((uint)value.Length);
        Fixed(value);
    }

    /// <summary>Room for <paramref name="length"/> bytes to be filled by the caller, followed by zero padding; empty on overflow.</summary>
    public Span<byte> Take(int length)
    {
        uint padded = ((uint)length + 3) & ~3u;
        if (length < 0 || (uint)Room < padded)
        {
            Overflow = true;
            return default;
        }
        var room = buffer.Slice(position, length);
        buffer.Slice(position + length, (int)padded - length).Clear();
        position += (int)padded;
        return room;
    }

    /// <summary>Leaves room for a word that is known later; <see cref="Patch"/> fills it.</summary>
    public int Skip()
    {
        int at = position;
        U32(0);
        return at;
    }

    public readonly void Patch(int at, uint value) => BinaryPrimitives.WriteUInt32BigEndian(buffer[at..], value);
}
