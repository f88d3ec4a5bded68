using static NfsdCtl.Protocols.Nfs4.Nfs4Constants;

namespace NfsdCtl.Protocols.Nfs4.Acl;

/// <summary>Whom an entry is for (RFC 8881 §6.2.1.5). The other special identifiers name nobody here.</summary>
internal enum AceWho : byte
{
    Owner,
    Group,
    Everyone,
    User,
    NamedGroup,
}

/// <summary>One entry of an NFSv4 ACL (RFC 8881 §6.2.1), which allows or denies.</summary>
/// <param name="Denies">Else it allows.</param>
/// <param name="Flags">ACE4_…_ACE and ACE4_IDENTIFIER_GROUP.</param>
/// <param name="Mask">ACE4_READ_DATA and so on.</param>
/// <param name="Id">With User and NamedGroup: which one.</param>
internal readonly record struct Ace(bool Denies, uint Flags, uint Mask, AceWho Who, uint Id = 0)
{
    public const uint Inheritable = (uint)(ACE4_FILE_INHERIT_ACE | ACE4_DIRECTORY_INHERIT_ACE);
    public const uint AllInheritance = Inheritable | (uint)(ACE4_NO_PROPAGATE_INHERIT_ACE | ACE4_INHERIT_ONLY_ACE);
    public const uint KnownFlags = AllInheritance
        | (uint)(ACE4_SUCCESSFUL_ACCESS_ACE_FLAG | ACE4_FAILED_ACCESS_ACE_FLAG | ACE4_IDENTIFIER_GROUP | ACE4_INHERITED_ACE);

    public bool Has(long flag) => (Flags & (uint)flag) != 0;

    /// <summary>It says something about the file that has it, not only about those below.</summary>
    public bool Applies => !Has(ACE4_INHERIT_ONLY_ACE);
}
