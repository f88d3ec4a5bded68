using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Attributes;

/// <summary>Reads past the value of an attribute, whatever it says. One that cannot be a value is the reader's failure.</summary>
internal delegate void AttributeShape(scoped ref XdrReader value);

/// <summary>The types that attributes have on the wire (RFC 5662, RFC 7863).</summary>
internal static class AttributeShapes
{
    public static void Flag(scoped ref XdrReader value) => value.Bool();

    public static void Word(scoped ref XdrReader value) => value.U32();

    public static void Hyper(scoped ref XdrReader value) => value.U64();

    public static void Words(scoped ref XdrReader value) => value.Fixed(2 * sizeof(uint));

    public static void Hypers(scoped ref XdrReader value) => value.Fixed(2 * sizeof(ulong));

    public static void Time(scoped ref XdrReader value) => value.Fixed(sizeof(long) + sizeof(uint));

    /// <summary>settime4.</summary>
    public static void SetTime(scoped ref XdrReader value)
    {
        if (value.Bool())
            Time(ref value);
    }

    public static void Opaque(scoped ref XdrReader value) => value.Opaque(int.MaxValue);

    public static void Bitmap(scoped ref XdrReader value) => AttributeSet.Read(ref value);

    /// <summary>nfsace4&lt;&gt;.</summary>
    public static void AclList(scoped ref XdrReader value) => Nfs4.Acl.AclCodec.Skip(ref value, out _);

    /// <summary>nfsacl41: flags, and the list.</summary>
    public static void Acl41(scoped ref XdrReader value)
    {
        value.U32();
        AclList(ref value);
    }

    /// <summary>fs_locations4: a path, and places, each some servers and a path.</summary>
    public static void Locations(scoped ref XdrReader value)
    {
        Strings(ref value);
        for (uint places = value.U32(); places > 0 && !value.Failed; places--)
        {
            Strings(ref value);
            Strings(ref value);
        }
    }

    private static void Strings(scoped ref XdrReader value)
    {
        for (uint count = value.U32(); count > 0 && !value.Failed; count--)
            value.Opaque(int.MaxValue);
    }
}
