using static NfsdCtl.Protocols.Nfs4.Nfs4Constants;

namespace NfsdCtl.Protocols.Nfs4.Acl;

/// <summary>What a new file gets of its directory's ACL (RFC 8881 §6.4.3).</summary>
internal static class AclInheritance
{
    /// <summary>The ACL of a new file or directory; empty when nothing is handed down.</summary>
    /// <param name="mode">What the creator asked for: nobody is to get more (RFC 8881 §6.4.3.1); null: as the ACL has it.</param>
    public static List<Ace> Inherit(IReadOnlyList<Ace> directory, bool isDirectory, uint? mode)
    {
        bool IsHandedDown(Ace ace) => FlagsBelow(ace, isDirectory) is not null;
        var inherited = new List<Ace>();
        if (!directory.Any(IsHandedDown))
            return inherited;
        foreach (var ace in directory)
        {
            if (FlagsBelow(ace, isDirectory) is { } flags)
                inherited.Add(Limit(ace with { Flags = flags | (uint)ACE4_INHERITED_ACE }, mode, isDirectory));
            else if (StandsIn(ace, directory, IsHandedDown))
                inherited.Add(Limit(ace with { Flags = ace.Flags & ~Ace.AllInheritance }, mode, isDirectory));
        }
        return inherited;
    }

    /// <summary>
    /// A list that hands down nothing for the owner, the group or everyone else would leave the owner of a new file without any right: for those
    /// the directory's own entries count.
    /// </summary>
    public static bool StandsIn(Ace ace, IReadOnlyList<Ace> directory, Func<Ace, bool> isHandedDown) =>
        ace.Who <= AceWho.Everyone && ace.Applies && !directory.Any(other => other.Who == ace.Who && isHandedDown(other));

    /// <summary>The flags of the entry in the new file; null when it does not get it.</summary>
    private static uint? FlagsBelow(Ace ace, bool isDirectory)
    {
        uint plain = ace.Flags & ~Ace.AllInheritance;
        if (!isDirectory)
            return ace.Has(ACE4_FILE_INHERIT_ACE) ? plain : null;
        if (ace.Has(ACE4_NO_PROPAGATE_INHERIT_ACE))
            return ace.Has(ACE4_DIRECTORY_INHERIT_ACE) ? plain : null;
        if (ace.Has(ACE4_DIRECTORY_INHERIT_ACE))
            return plain | (ace.Flags & Ace.Inheritable);
        // A directory only passes on what is meant for files.
        return ace.Has(ACE4_FILE_INHERIT_ACE) ? plain | (uint)(ACE4_FILE_INHERIT_ACE | ACE4_INHERIT_ONLY_ACE) : null;
    }

    /// <summary>Takes of what is allowed the permissions that the mode does not have for that class.</summary>
    private static Ace Limit(Ace ace, uint? mode, bool isDirectory)
    {
        if (ace.Denies || !ace.Applies || mode is not { } bits)
            return ace;
        uint permissions = ace.Who switch { AceWho.Owner => bits >> 6, AceWho.Everyone => bits, _ => bits >> 3 } & 7;
        return ace with { Mask = ace.Mask & ~FromPosix.Rights(~permissions & 7, isDirectory) };
    }
}
