using NfsdCtl.Vfs;
using static NfsdCtl.Protocols.Nfs4.Nfs4Constants;

namespace NfsdCtl.Protocols.Nfs4.Acl;

/// <summary>
/// An NFSv4 ACL that says what a POSIX ACL, or a mode, says: for files whose rights were not set through NFSv4. A class that gets less than
/// those that are judged after it is denied the difference, so that everyone has just what POSIX gives.
/// </summary>
internal static class FromPosix
{
    private const uint Everyones = (uint)(ACE4_READ_ATTRIBUTES | ACE4_READ_ACL | ACE4_SYNCHRONIZE);
    private const uint Owners = Everyones | (uint)(ACE4_WRITE_ATTRIBUTES | ACE4_WRITE_ACL);

    public static List<Ace> Map(AccessLists lists, bool isDirectory)
    {
        var aces = new List<Ace>();
        Map(lists.Access, isDirectory, 0, aces);
        if (lists.Default.Count > 0)
            Map(lists.Default, isDirectory, Ace.Inheritable | (uint)ACE4_INHERIT_ONLY_ACE, aces);
        return aces;
    }

    private static void Map(IReadOnlyList<PosixAclEntry> entries, bool isDirectory, uint flags, List<Ace> aces)
    {
        uint mask = entries.Where(e => e.Tag == PosixAclTag.Mask).Select(e => e.Permissions).FirstOrDefault(7u);
        uint owner = Of(entries, PosixAclTag.OwningUser), other = Of(entries, PosixAclTag.Other);
        (AceWho Who, uint Id, uint Permissions)[] users =
            [.. entries.Where(e => e.Tag == PosixAclTag.User).Select(e => (AceWho.User, e.Id, e.Permissions & mask))];
        (AceWho Who, uint Id, uint Permissions)[] groups =
        [
            (AceWho.Group, 0, Of(entries, PosixAclTag.OwningGroup) & mask),
            .. entries.Where(e => e.Tag == PosixAclTag.Group).Select(e => (AceWho.NamedGroup, e.Id, e.Permissions & mask)),
        ];
        uint ofGroups = groups.Aggregate(other, (sum, g) => sum | g.Permissions);
        uint ofAll = users.Aggregate(ofGroups, (sum, u) => sum | u.Permissions);

        Deny(AceWho.Owner, 0, ofAll & ~owner);
        Allow(AceWho.Owner, 0, owner, Owners);
        foreach (var (who, id, permissions) in users)
        {
            Deny(who, id, ofGroups & ~permissions);
            Allow(who, id, permissions, Everyones);
        }
        // One of several groups that allows is enough: only behind all of them is denied what everyone has.
        foreach (var (who, id, permissions) in groups)
            Allow(who, id, permissions, Everyones);
        foreach (var (who, id, permissions) in groups)
            Deny(who, id, other & ~permissions);
        Allow(AceWho.Everyone, 0, other, Everyones);

        void Allow(AceWho who, uint id, uint permissions, uint always) => aces.Add(new Ace(false, FlagsOf(who), Rights(permissions, isDirectory) | always, who, id));

        void Deny(AceWho who, uint id, uint permissions)
        {
            if (permissions != 0)
                aces.Add(new Ace(true, FlagsOf(who), Rights(permissions, isDirectory), who, id));
        }

        uint FlagsOf(AceWho who) => who is AceWho.Group or AceWho.NamedGroup ? flags | (uint)ACE4_IDENTIFIER_GROUP : flags;
    }

    /// <summary>The rights that a POSIX permission stands for.</summary>
    public static uint Rights(uint permissions, bool isDirectory) =>
        ((permissions & 4) != 0 ? (uint)ACE4_READ_DATA : 0)
        | ((permissions & 2) != 0 ? (uint)(ACE4_WRITE_DATA | ACE4_APPEND_DATA) | (isDirectory ? (uint)ACE4_DELETE_CHILD : 0) : 0)
        | ((permissions & 1) != 0 ? (uint)ACE4_EXECUTE : 0);

    private static uint Of(IReadOnlyList<PosixAclEntry> entries, PosixAclTag tag) => entries.Where(e => e.Tag == tag).Select(e => e.Permissions).FirstOrDefault();
}
