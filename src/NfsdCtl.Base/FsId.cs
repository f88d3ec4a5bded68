using System.Buffers.Binary;
using System.Globalization;

namespace NfsdCtl;

/// <summary>
/// The identity of a filesystem that stays the same on every node that may mount it: its UUID, or an explicit
/// <c>fsid=</c> of exports(5); never a device number. The default value means "any filesystem".
/// </summary>
public readonly record struct FsId(ulong High, ulong Low)
{
    /// <summary>The length on disk and in a file handle, in bytes.</summary>
    public const int Size = 16;

    public static FsId Any => default;

    public bool IsAny => High == 0 && Low == 0;

    public static FsId FromBytes(ReadOnlySpan<byte> sixteen) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(sixteen), BinaryPrimitives.ReadUInt64BigEndian(sixteen[8..]));

    /// <summary>A small number (<c>fsid=0</c> … <c>fsid=4294967295</c>) in a range that no UUID of RFC 9562 has.</summary>
    public static FsId FromNumber(uint number) => new(0x6673_6964_0000_0000, number);

    public void CopyTo(Span<byte> sixteen)
    {
        BinaryPrimitives.WriteUInt64BigEndian(sixteen, High);
        BinaryPrimitives.WriteUInt64BigEndian(sixteen[8..], Low);
    }

    /// <summary>Reads what <see cref="ToString"/> writes.</summary>
    public static bool TryParse(string text, out FsId id)
    {
        id = default;
        if (text.StartsWith("fsid=", StringComparison.Ordinal))
        {
            bool isNumber = uint.TryParse(text.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out uint number);
            id = isNumber ? FromNumber(number) : default;
            return isNumber;
        }
        if (!Guid.TryParseExact(text, "D", out var uuid))
            return false;
        Span<byte> bytes = stackalloc byte[Size];
        uuid.TryWriteBytes(bytes, bigEndian: true, out _);
        id = FromBytes(bytes);
        return true;
    }

    /// <summary>The lower-case UUID form, or <c>fsid=N</c> for a number.</summary>
    public override string ToString() => High == 0x6673_6964_0000_0000
        ? "fsid=" + Low.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{High >> 32:x8}-{(ushort)(High >> 16):x4}-{(ushort)High:x4}-{Low >> 48:x4}-{Low & 0xFFFF_FFFF_FFFF:x12}");
}
