using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Attributes;

/// <summary>A bitmap4 of attributes (RFC 8881 §3.3.7): three words hold all that are defined, and more words are only noticed.</summary>
/// <param name="Low">Attributes 0 to 63; the first word of the wire is the low half.</param>
/// <param name="High">Attributes 64 to 95.</param>
internal readonly record struct AttributeSet(ulong Low, uint High = 0)
{
    /// <summary>The longest bitmap that is looked at, in words: a longer one is NFS4ERR_BADXDR.</summary>
    private const int MaxWords = 64;

    public static AttributeSet Empty => default;

    /// <summary>An attribute beyond the defined ones was named; nothing else of it is kept.</summary>
    public bool HasUnknown { get; init; }

    public bool IsEmpty => Low == 0 && High == 0 && !HasUnknown;

    /// <param name="attribute">FATTR4_…, below 96.</param>
    public bool Has(int attribute) => attribute < 64 ? (Low >> attribute & 1) != 0 : (High >> (attribute - 64) & 1) != 0;

    /// <param name="attributes">FATTR4_…, each below 96.</param>
    public static AttributeSet Of(params ReadOnlySpan<int> attributes)
    {
        ulong low = 0;
        uint high = 0;
        foreach (int attribute in attributes)
        {
            if (attribute < 64)
                low |= 1UL << attribute;
            else
                high |= 1u << (attribute - 64);
        }
        return new AttributeSet(low, high);
    }

    public AttributeSet With(int attribute) => this | Of(attribute);

    public AttributeSet Without(AttributeSet other) => new(Low & ~other.Low, High & ~other.High) { HasUnknown = HasUnknown && !other.HasUnknown };

    public bool Overlaps(AttributeSet other) => (Low & other.Low) != 0 || (High & other.High) != 0;

    public static AttributeSet operator &(AttributeSet a, AttributeSet b) =>
        new(a.Low & b.Low, a.High & b.High) { HasUnknown = a.HasUnknown && b.HasUnknown };

    public static AttributeSet operator |(AttributeSet a, AttributeSet b) =>
        new(a.Low | b.Low, a.High | b.High) { HasUnknown = a.HasUnknown || b.HasUnknown };

    /// <summary>Reads a bitmap4; an error is the reader's.</summary>
    public static AttributeSet Read(ref XdrReader r)
    {
        int count = r.Count(MaxWords);
        uint first = count > 0 ? r.U32() : 0;
        uint second = count > 1 ? r.U32() : 0;
        uint third = count > 2 ? r.U32() : 0;
        uint rest = 0;
        for (int i = 3; i < count; i++)
            rest |= r.U32();
        return new AttributeSet((ulong)second << 32 | first, third) { HasUnknown = rest != 0 };
    }

    /// <summary>Writes a bitmap4 without empty words at its end.</summary>
    public void Write(ref XdrWriter w)
    {
        uint words = High != 0 ? 3u : Low >> 32 != 0 ? 2u : Low != 0 ? 1u : 0;
        w.U32(words);
        if (words > 0)
            w.U32((uint)Low);
        if (words > 1)
            w.U32((uint)(Low >> 32));
        if (words > 2)
            w.U32(High);
    }
}
