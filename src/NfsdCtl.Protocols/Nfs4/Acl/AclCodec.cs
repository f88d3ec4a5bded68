using System.Buffers.Binary;
using NfsdCtl.Protocols.Nfs4.Attributes;
using NfsdCtl.Wire.Xdr;
using static NfsdCtl.Protocols.Nfs4.Nfs4Constants;

namespace NfsdCtl.Protocols.Nfs4.Acl;

/// <summary>ACLs on the wire (nfsace4&lt;&gt;, RFC 8881 §6.2.1), and as they are kept beside a file.</summary>
internal static class AclCodec
{
    /// <summary>The most entries of one list.</summary>
    public const int MaxEntries = 1024;

    /// <summary>The longest list, in bytes: what fits into an extended attribute.</summary>
    public const int MaxEncoded = 65_536;

    /// <summary>Kept: type, flags, mask, whom, id.</summary>
    private const int KeptSize = 1 + 4 + 4 + 1 + 4;

    /// <summary>Of an entry on the wire without the name.</summary>
    private const int WireSize = 16;

    private static readonly byte[][] Special = ["OWNER@"u8.ToArray(), "GROUP@"u8.ToArray(), "EVERYONE@"u8.ToArray()];

    /// <summary>Reads past a list and gives its bytes. Too long a list is FBIG.</summary>
    public static nfsstat4 Skip(scoped ref XdrReader value, out ReadOnlySpan<byte> encoded)
    {
        var start = value.Rest;
        uint count = value.U32();
        for (uint i = 0; i < count && !value.Failed; i++)
        {
            value.Fixed(WireSize - sizeof(uint));
            value.Opaque(int.MaxValue);
        }
        encoded = value.Failed ? default : start[..^value.Remaining];
        return encoded.Length > MaxEncoded || count > MaxEntries ? nfsstat4.NFS4ERR_FBIG : nfsstat4.NFS4_OK;
    }

    /// <summary>
    /// Decodes a list that <see cref="Skip"/> went past. ATTRNOTSUPP: a type other than allow and deny (aclsupport); INVAL: flags that do
    /// not exist; BADOWNER.
    /// </summary>
    public static nfsstat4 Decode(Compound? call, OwnerNames owners, ReadOnlySpan<byte> encoded, out List<Ace> aces)
    {
        var value = new XdrReader(encoded);
        uint count = value.U32();
        aces = new List<Ace>((int)Math.Min(count, MaxEntries));
        for (uint i = 0; i < count && !value.Failed; i++)
        {
            uint type = value.U32();
            uint flags = value.U32();
            uint mask = value.U32();
            var who = value.Opaque(int.MaxValue);
            if (type > ACE4_ACCESS_DENIED_ACE_TYPE)
                return nfsstat4.NFS4ERR_ATTRNOTSUPP;
            if ((flags & ~Ace.KnownFlags) != 0)
                return nfsstat4.NFS4ERR_INVAL;
            if (!TryReadWho(call, owners, who, (flags & ACE4_IDENTIFIER_GROUP) != 0, out var kind, out uint id))
                return nfsstat4.NFS4ERR_BADOWNER;
            aces.Add(new Ace(type == ACE4_ACCESS_DENIED_ACE_TYPE, flags, mask, kind, id));
        }
        return value.Failed ? nfsstat4.NFS4ERR_BADXDR : nfsstat4.NFS4_OK;
    }

    public static ReadOnlyMemory<byte> Encode(OwnerNames owners, IReadOnlyList<Ace> aces)
    {
        byte[] room = new byte[sizeof(uint) + aces.Count * (WireSize + owners.LongestWritten)];
        var writer = new XdrWriter(room);
        writer.U32((uint)aces.Count);
        foreach (var ace in aces)
        {
            writer.U32((uint)(ace.Denies ? ACE4_ACCESS_DENIED_ACE_TYPE : ACE4_ACCESS_ALLOWED_ACE_TYPE));
            writer.U32(ace.Flags);
            writer.U32(ace.Mask);
            if (ace.Who < AceWho.User)
                writer.Opaque(Special[(int)ace.Who]);
            else
                owners.Write(ace.Id, ace.Who == AceWho.NamedGroup, ref writer);
        }
        return room.AsMemory(0, writer.Position);
    }

    /// <summary>As it is kept: by number, whatever the names are called later.</summary>
    public static byte[] ToKept(IReadOnlyList<Ace> aces)
    {
        byte[] kept = new byte[aces.Count * KeptSize];
        var rest = kept.AsSpan();
        foreach (var ace in aces)
        {
            rest[0] = ace.Denies ? (byte)1 : (byte)0;
            BinaryPrimitives.WriteUInt32LittleEndian(rest[1..], ace.Flags);
            BinaryPrimitives.WriteUInt32LittleEndian(rest[5..], ace.Mask);
            rest[9] = (byte)ace.Who;
            BinaryPrimitives.WriteUInt32LittleEndian(rest[10..], ace.Id);
            rest = rest[KeptSize..];
        }
        return kept;
    }

    /// <summary>Null when it is not what <see cref="ToKept"/> wrote.</summary>
    public static List<Ace>? FromKept(ReadOnlySpan<byte> kept)
    {
        if (kept.IsEmpty || kept.Length % KeptSize != 0)
            return null;
        var aces = new List<Ace>(kept.Length / KeptSize);
        for (; !kept.IsEmpty; kept = kept[KeptSize..])
        {
            if (kept[0] > 1 || kept[9] > (byte)AceWho.NamedGroup)
                return null;
            aces.Add(new Ace(kept[0] == 1, BinaryPrimitives.ReadUInt32LittleEndian(kept[1..]), BinaryPrimitives.ReadUInt32LittleEndian(kept[5..]),
                (AceWho)kept[9], BinaryPrimitives.ReadUInt32LittleEndian(kept[10..])));
        }
        return aces;
    }

    private static bool TryReadWho(Compound? call, OwnerNames owners, ReadOnlySpan<byte> who, bool isGroup, out AceWho kind, out uint id)
    {
        id = 0;
        for (int i = 0; i < Special.Length; i++)
        {
            kind = (AceWho)i;
            if (who.SequenceEqual(Special[i]))
                return true;
        }
        kind = isGroup ? AceWho.NamedGroup : AceWho.User;
        return owners.TryParse(call, who, isGroup, out id);
    }
}
