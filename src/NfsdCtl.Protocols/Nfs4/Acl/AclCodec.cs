using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Acl;

/// <summary>nfsace4&lt;&gt; on the wire (RFC 8881 §6.2.1).</summary>
internal static class AclCodec
{
    /// <summary>The most entries of one list.</summary>
    public const int MaxEntries = 1024;

    /// <summary>The longest list, in bytes: what fits into an extended attribute.</summary>
    public const int MaxEncoded = 65_536;

    /// <summary>Reads past a list and gives its bytes. Too long a list is FBIG.</summary>
    public static nfsstat4 Skip(scoped ref XdrReader value, out ReadOnlySpan<byte> encoded)
    {
        var start = value.Rest;
        uint count = value.U32();
        for (uint i = 0; i < count && !value.Failed; i++)
        {
            value.U32();
            value.U32();
            value.U32();
            value.Opaque(int.MaxValue);
        }
        encoded = value.Failed ? default : start[..^value.Remaining];
        return encoded.Length > MaxEncoded || count > MaxEntries ? nfsstat4.NFS4ERR_FBIG : nfsstat4.NFS4_OK;
    }
}
