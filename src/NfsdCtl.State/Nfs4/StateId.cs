using System.Buffers.Binary;

namespace NfsdCtl.State.Nfs4;

/// <summary>
/// stateid4. "other" is the client id it was made for and a number that is never used again in this life of the server, so that
/// one of an earlier life, of an expired client and of nobody are told apart (RFC 7530 §9.1.4, RFC 8881 §8.2.4).
/// </summary>
/// <param name="Sequence">seqid; with a session, 0 stands for the current one.</param>
/// <param name="ClientId">The first eight bytes of "other".</param>
/// <param name="Number">Its last four bytes.</param>
public readonly record struct StateId(uint Sequence, ulong ClientId, uint Number)
{
    /// <summary>Its length on the wire, in bytes.</summary>
    public const int Size = 16;

    /// <summary>All zeros: no open; READ and WRITE under it respect deny modes.</summary>
    public static StateId Anonymous => default;

    /// <summary>All ones: READ past deny modes.</summary>
    public static StateId ReadBypass => new(uint.MaxValue, ulong.MaxValue, uint.MaxValue);

    /// <summary>Minor version 1: the stateid that the operations before it in the compound left (RFC 8881 §8.2.3).</summary>
    public static StateId Current => new(1, 0, 0);

    /// <summary>Minor version 1: the "invalid" special stateid.</summary>
    public static StateId Invalid => new(uint.MaxValue, 0, 0);

    public bool IsAnonymous => this == Anonymous;

    public bool IsReadBypass => this == ReadBypass;

    public bool IsCurrent => this == Current;

    /// <summary>"other" is one that no state ever has.</summary>
    public bool IsSpecial => (ClientId == 0 && Number == 0) || (ClientId == ulong.MaxValue && Number == uint.MaxValue);

    public static StateId Read(ReadOnlySpan<byte> sixteen) => new(
        BinaryPrimitives.ReadUInt32BigEndian(sixteen),
        BinaryPrimitives.ReadUInt64BigEndian(sixteen[4..]),
        BinaryPrimitives.ReadUInt32BigEndian(sixteen[12..]));

    public void Write(Span<byte> sixteen)
    {
        BinaryPrimitives.WriteUInt32BigEndian(sixteen, Sequence);
        BinaryPrimitives.WriteUInt64BigEndian(sixteen[4..], ClientId);
        BinaryPrimitives.WriteUInt32BigEndian(sixteen[12..], Number);
    }
}
