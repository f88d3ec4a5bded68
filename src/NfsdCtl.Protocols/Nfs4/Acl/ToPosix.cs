using NfsdCtl.Vfs;
using static NfsdCtl.Protocols.Nfs4.Nfs4Constants;

namespace NfsdCtl.Protocols.Nfs4.Acl;

/// <summary>
/// What the kernel is to enforce of an NFSv4 ACL: the POSIX ACL that grants as much as possible and nothing that the ACL does not grant
/// (RFC 8881 §6.3.1.1). Every class of the POSIX ACL is judged as a member of it would be, entry by entry in order; where it is not known
/// whether a user is in a group, the group's denials count for the user and its permissions do not.
/// </summary>
internal sealed class ToPosix
{
    private const uint Read = 4;
    private const uint Write = 2;
    private const uint Execute = 1;

    private readonly Class owner = new();
    private readonly Class group = new();
    private readonly Class other = new();
    private readonly SortedDictionary<uint, Class> users = [];
    private readonly SortedDictionary<uint, Class> groups = [];
    private readonly bool isDirectory;

    private ToPosix(bool isDirectory) => this.isDirectory = isDirectory;

    /// <summary>The ACL of the file itself.</summary>
    public static IReadOnlyList<PosixAclEntry> Access(IReadOnlyList<Ace> aces, bool isDirectory) =>
        new ToPosix(isDirectory).Map([.. aces.Where(ace => ace.Applies)]);

    /// <summary>
    /// What a directory hands down to what local programs make in it; empty for nothing. Those know one list for files and directories: what
    /// is allowed has to be allowed for both, what is denied for either.
    /// </summary>
    public static IReadOnlyList<PosixAclEntry> Default(IReadOnlyList<Ace> aces)
    {
        static bool IsHandedDown(Ace ace) => ace.Denies ? ace.Has(Ace.Inheritable) : (ace.Flags & Ace.Inheritable) == Ace.Inheritable;
        return aces.Any(IsHandedDown)
            ? new ToPosix(isDirectory: true).Map([.. aces.Where(ace => IsHandedDown(ace) || AclInheritance.StandsIn(ace, aces, IsHandedDown))])
            : [];
    }

    private List<PosixAclEntry> Map(Ace[] aces)
    {
        foreach (var ace in aces)
        {
            if (ace.Who == AceWho.User)
                users.TryAdd(ace.Id, new Class());
            else if (ace.Who == AceWho.NamedGroup)
                groups.TryAdd(ace.Id, new Class());
        }
        foreach (var ace in aces)
            foreach (var affected in AffectedBy(ace))
                affected.Apply(ace);
        var entries = new List<PosixAclEntry>
        {
            new(PosixAclTag.OwningUser, Permissions(owner)),
            new(PosixAclTag.OwningGroup, Permissions(group)),
            new(PosixAclTag.Other, Permissions(other)),
        };
        entries.AddRange(users.Select(u => new PosixAclEntry(PosixAclTag.User, Permissions(u.Value), u.Key)));
        entries.AddRange(groups.Select(g => new PosixAclEntry(PosixAclTag.Group, Permissions(g.Value), g.Key)));
        if (entries.Count > 3)
            entries.Add(new PosixAclEntry(PosixAclTag.Mask, entries.Where(e => e.Tag is not (PosixAclTag.OwningUser or PosixAclTag.Other))
                .Aggregate(0u, (sum, e) => sum | e.Permissions)));
        return entries;
    }

    private IEnumerable<Class> AffectedBy(Ace ace) => ace.Who switch
    {
        AceWho.Owner => [owner],
        // Whoever is named may be the owner as well.
        AceWho.User => ace.Denies ? [users[ace.Id], owner] : [users[ace.Id]],
        AceWho.Everyone => [owner, group, other, .. users.Values, .. groups.Values],
        _ when ace.Denies => [owner, group, .. users.Values, .. groups.Values],
        AceWho.Group => [group],
        _ => [groups[ace.Id]],
    };

    private uint Permissions(Class member)
    {
        const uint WritesFile = (uint)(ACE4_WRITE_DATA | ACE4_APPEND_DATA);
        uint writes = isDirectory ? WritesFile | (uint)ACE4_DELETE_CHILD : WritesFile;
        return ((member.Allowed & (uint)ACE4_READ_DATA) != 0 ? Read : 0)
            | ((member.Allowed & writes) == writes ? Write : 0)
            | ((member.Allowed & (uint)ACE4_EXECUTE) != 0 ? Execute : 0);
    }

    /// <summary>What was decided for one class so far: the first entry that speaks of a right decides.</summary>
    private sealed class Class
    {
        private uint denied;

        public uint Allowed { get; private set; }

        public void Apply(Ace ace)
        {
            if (ace.Denies)
                denied |= ace.Mask & ~Allowed;
            else
                Allowed |= ace.Mask & ~denied;
        }
    }
}
