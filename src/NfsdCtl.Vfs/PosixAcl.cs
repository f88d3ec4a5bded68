using System.Buffers.Binary;

namespace NfsdCtl.Vfs;

/// <summary>Whom an entry of a POSIX ACL is for (acl(5)), numbered as in the kernel's extended attributes.</summary>
public enum PosixAclTag : ushort
{
    OwningUser = 0x01,
    User = 0x02,
    OwningGroup = 0x04,
    Group = 0x08,
    Mask = 0x10,
    Other = 0x20,
}

/// <summary>One entry.</summary>
/// <param name="Tag">Whom it is for.</param>
/// <param name="Permissions">4 read, 2 write, 1 execute.</param>
/// <param name="Id">With User and Group: which one.</param>
public readonly record struct PosixAclEntry(PosixAclTag Tag, uint Permissions, uint Id = uint.MaxValue);

/// <summary>POSIX ACLs as the kernel keeps them in extended attributes (include/uapi/linux/posix_acl_xattr.h).</summary>
public static class PosixAcl
{
    private const uint Version = 2;
    private const int HeadSize = 4;
    private const int EntrySize = 8;

    /// <summary>The entries, in the kernel's order; empty when the bytes are no ACL.</summary>
    public static IReadOnlyList<PosixAclEntry> Parse(ReadOnlySpan<byte> attribute)
    {
        var entries = new List<PosixAclEntry>();
        if (attribute.Length < HeadSize || BinaryPrimitives.ReadUInt32LittleEndian(attribute) != Version)
            return entries;
        for (var rest = attribute[HeadSize..]; rest.Length >= EntrySize; rest = rest[EntrySize..])
            entries.Add(new PosixAclEntry((PosixAclTag)BinaryPrimitives.ReadUInt16LittleEndian(rest),
                BinaryPrimitives.ReadUInt16LittleEndian(rest[2..]), BinaryPrimitives.ReadUInt32LittleEndian(rest[4..])));
        return entries;
    }

    /// <summary>The kernel wants entries by tag, then by id.</summary>
    public static byte[] Format(IEnumerable<PosixAclEntry> entries)
    {
        PosixAclEntry[] sorted = [.. entries.OrderBy(e => e.Tag).ThenBy(e => e.Id)];
        byte[] attribute = new byte[HeadSize + sorted.Length * EntrySize];
        BinaryPrimitives.WriteUInt32LittleEndian(attribute, Version);
        var rest = attribute.AsSpan(HeadSize);
        foreach (var entry in sorted)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(rest, (ushort)entry.Tag);
            BinaryPrimitives.WriteUInt16LittleEndian(rest[2..], (ushort)entry.Permissions);
            BinaryPrimitives.WriteUInt32LittleEndian(rest[4..], entry.Id);
            rest = rest[EntrySize..];
        }
        return attribute;
    }

    /// <summary>The three entries that a mode stands for.</summary>
    public static IReadOnlyList<PosixAclEntry> OfMode(uint mode) =>
    [
        new(PosixAclTag.OwningUser, mode >> 6 & 7),
        new(PosixAclTag.OwningGroup, mode >> 3 & 7),
        new(PosixAclTag.Other, mode & 7),
    ];
}
