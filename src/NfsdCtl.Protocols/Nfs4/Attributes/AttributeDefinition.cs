using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Attributes;

/// <summary>Writes the value of one attribute. Lack of room is the writer's.</summary>
internal delegate void AttributeGetter(in AttributeValues values, ref XdrWriter reply);

/// <summary>Reads the value of one attribute that is to be set. Lack of data is the reader's.</summary>
internal delegate nfsstat4 AttributeSetter(AttributeReading reading, scoped ref XdrReader value, scoped ref AttributeChange change);

/// <summary>Who sets attributes, as far as values depend on it.</summary>
internal readonly record struct AttributeReading(Compound Call, OwnerNames Owners);

/// <summary>One attribute: its number, and how its value is got and set.</summary>
/// <param name="Number">FATTR4_…</param>
/// <param name="Shape">Its type on the wire.</param>
/// <param name="Get">Null: it can only be set.</param>
/// <param name="Set">Null: it is read-only.</param>
internal sealed record AttributeDefinition(int Number, AttributeShape Shape, AttributeGetter? Get, AttributeSetter? Set = null)
{
    /// <summary>The minor version that brought it.</summary>
    public uint Since { get; init; }
}
