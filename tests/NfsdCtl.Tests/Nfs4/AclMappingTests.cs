using CsCheck;
using NfsdCtl.Protocols.Nfs4;
using NfsdCtl.Protocols.Nfs4.Acl;
using NfsdCtl.Protocols.Nfs4.Attributes;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Xdr;
using static NfsdCtl.Protocols.Nfs4.Nfs4Constants;

namespace NfsdCtl.Tests.Nfs4;

/// <summary>NFSv4 ACLs against POSIX ACLs: what one grants must not be granted by the other when it is not by the first.</summary>
[TestFixture]
public sealed class AclMappingTests
{
    private static readonly OwnerNames Owners = new("", writeNames: false, TimeProvider.System);

    private const uint OwnerId = 100;
    private const uint OwningGroup = 200;

    private static readonly uint[] Users = [OwnerId, 101, 102];
    private static readonly uint[] Groups = [OwningGroup, 201, 202];

    private static readonly Gen<uint> Mask = Gen.UInt[0, 0x1FF].Select(Gen.Bool, (mask, all) => all ? mask | 0x67 : mask);

    private static readonly Gen<Ace> AnyAce = Gen.Select(Gen.Bool, Gen.Enum<AceWho>(), Gen.Int[0, 2], Mask, Gen.UInt[0, 15]).Select((denies, who, which, mask, flags) =>
        new Ace(denies, flags, mask, who, who == AceWho.User ? Users[which] : who == AceWho.NamedGroup ? Groups[which] : 0));

    private static readonly Gen<Ace[]> AnyAcl = AnyAce.Array[0, 12];

    private static readonly Gen<uint> Permissions = Gen.UInt[0, 7];

    private static readonly Gen<List<PosixAclEntry>> AnyPosix = Gen.Select(Permissions, Permissions, Permissions, Permissions.Array[0, 2], Permissions.Array[0, 2], Permissions)
        .Select((owner, group, other, users, groups, mask) =>
        {
            var entries = new List<PosixAclEntry> { new(PosixAclTag.OwningUser, owner), new(PosixAclTag.OwningGroup, group), new(PosixAclTag.Other, other) };
            entries.AddRange(users.Select((p, i) => new PosixAclEntry(PosixAclTag.User, p, Users[i + 1])));
            entries.AddRange(groups.Select((p, i) => new PosixAclEntry(PosixAclTag.Group, p, Groups[i + 1])));
            if (entries.Count > 3)
                entries.Add(new PosixAclEntry(PosixAclTag.Mask, mask));
            return entries;
        });

    /// <summary>A user and the groups it is in.</summary>
    private static readonly Gen<(uint User, uint[] Groups)> Anyone =
        Gen.Select(Gen.UInt[OwnerId, 103], Gen.Bool.Array[3]).Select((user, member) => (user, Groups.Where((_, i) => member[i]).ToArray()));

    [Test]
    public void The_kernel_never_grants_what_the_acl_does_not() =>
        Gen.Select(AnyAcl, Anyone, Gen.Bool).Sample((acl, who, isDirectory) =>
        {
            uint rights = Evaluate(acl, who);
            uint granted = Evaluate(ToPosix.Access(acl, isDirectory), who);
            uint writes = (uint)(ACE4_WRITE_DATA | ACE4_APPEND_DATA) | (isDirectory ? (uint)ACE4_DELETE_CHILD : 0);
            Assert.Multiple(() =>
            {
                Assert.That((granted & 4) == 0 || (rights & ACE4_READ_DATA) != 0, "read");
                Assert.That((granted & 2) == 0 || (rights & writes) == writes, "write");
                Assert.That((granted & 1) == 0 || (rights & ACE4_EXECUTE) != 0, "execute");
            });
        }, iter: 4_000);

    [Test]
    public void A_posix_acl_comes_back_as_it_was() =>
        Gen.Select(AnyPosix, Gen.Bool).Sample((posix, isDirectory) =>
        {
            var back = ToPosix.Access(FromPosix.Map(new AccessLists { Access = posix }, isDirectory), isDirectory);
            Assert.That(Effective(back), Is.EqualTo(Effective(posix)));
        }, iter: 4_000);

    [Test]
    public void A_posix_acl_is_never_told_as_more_than_the_kernel_grants() =>
        Gen.Select(AnyPosix, Anyone).Sample((posix, who) =>
        {
            var aces = FromPosix.Map(new AccessLists { Access = posix }, isDirectory: false);
            uint rights = Evaluate([.. aces], who);
            uint told = ((rights & ACE4_READ_DATA) != 0 ? 4u : 0) | ((rights & ACE4_WRITE_DATA) != 0 ? 2u : 0) | ((rights & ACE4_EXECUTE) != 0 ? 1u : 0);
            Assert.That(told & ~Union(posix, who), Is.Zero, "more than the kernel grants");
        }, iter: 4_000);

    [Test]
    public void What_is_kept_comes_back_whole() =>
        AnyAcl.Where(acl => acl.Length > 0).Sample(acl => Assert.That(AclCodec.FromKept(AclCodec.ToKept(acl)), Is.EqualTo(acl)));

    [Test]
    public void What_is_kept_and_cut_is_not_believed()
    {
        byte[] kept = AclCodec.ToKept([new Ace(false, 0, 7, AceWho.User, 5), new Ace(true, 0, 7, AceWho.Everyone)]);
        for (int length = 0; length < kept.Length; length++)
            Assert.That(AclCodec.FromKept(kept.AsSpan(0, length)) is null or { Count: 1 }, $"{length} bytes");
        kept[9] = 200;
        Assert.That(AclCodec.FromKept(kept), Is.Null);
    }

    [Test]
    public void Any_bytes_are_decoded_or_refused() =>
        Gen.Select(Gen.UInt[0, 3], Gen.Byte.Array[0, 200]).Sample((count, bytes) =>
        {
            byte[] encoded = [0, 0, 0, (byte)count, .. bytes];
            var reader = new XdrReader(encoded);
            var status = AclCodec.Skip(ref reader, out var acl);
            if (reader.Failed || status != nfsstat4.NFS4_OK)
                return;
            status = AclCodec.Decode(null, Owners, acl, out var aces);
            if (status == nfsstat4.NFS4_OK)
                Assert.That(AclCodec.Decode(null, Owners, AclCodec.Encode(Owners, aces).Span, out var again) == nfsstat4.NFS4_OK && again.SequenceEqual(aces));
            else
                Assert.That(status, Is.AnyOf(nfsstat4.NFS4ERR_INVAL, nfsstat4.NFS4ERR_ATTRNOTSUPP, nfsstat4.NFS4ERR_BADOWNER));
        }, iter: 4_000);

    [Test]
    public void An_acl_comes_back_from_the_wire_as_it_went_out() =>
        AnyAcl.Sample(acl =>
        {
            // A named group is told from a user by its flag.
            Ace[] flagged = [.. acl.Select(ace => ace.Who == AceWho.NamedGroup ? ace with { Flags = ace.Flags | (uint)ACE4_IDENTIFIER_GROUP } : ace)];
            Assert.That(AclCodec.Decode(null, Owners, AclCodec.Encode(Owners, flagged).Span, out var back), Is.EqualTo(nfsstat4.NFS4_OK));
            Assert.That(back, Is.EqualTo(flagged));
        }, iter: 1_000);

    [TestCase(false, (uint)ACE4_FILE_INHERIT_ACE, (uint)ACE4_INHERITED_ACE)]
    [TestCase(true, (uint)ACE4_FILE_INHERIT_ACE, (uint)(ACE4_FILE_INHERIT_ACE | ACE4_INHERIT_ONLY_ACE | ACE4_INHERITED_ACE))]
    [TestCase(true, (uint)ACE4_DIRECTORY_INHERIT_ACE, (uint)(ACE4_DIRECTORY_INHERIT_ACE | ACE4_INHERITED_ACE))]
    [TestCase(true, (uint)(ACE4_DIRECTORY_INHERIT_ACE | ACE4_NO_PROPAGATE_INHERIT_ACE), (uint)ACE4_INHERITED_ACE)]
    [TestCase(true, (uint)(ACE4_DIRECTORY_INHERIT_ACE | ACE4_INHERIT_ONLY_ACE), (uint)(ACE4_DIRECTORY_INHERIT_ACE | ACE4_INHERITED_ACE))]
    [TestCase(false, (uint)ACE4_DIRECTORY_INHERIT_ACE, null)]
    [TestCase(true, (uint)(ACE4_FILE_INHERIT_ACE | ACE4_NO_PROPAGATE_INHERIT_ACE), null)]
    [TestCase(true, 0u, null)]
    public void Flags_say_what_is_handed_down(bool isDirectory, uint flags, uint? below)
    {
        var inherited = AclInheritance.Inherit([new Ace(false, flags, 7, AceWho.User, 5)], isDirectory, mode: null);
        Assert.That(inherited.Select(ace => (uint?)ace.Flags), Is.EqualTo(below is null ? Array.Empty<uint?>() : [below]));
    }

    [Test]
    public void The_directorys_own_entries_stand_in_for_what_is_not_handed_down()
    {
        Ace[] directory = [new(true, 0, 2, AceWho.Everyone), new(false, 0, 7, AceWho.Owner), new(false, 0, 7, AceWho.User, 9), new(false, 3, 1, AceWho.User, 5)];
        var inherited = AclInheritance.Inherit(directory, isDirectory: false, mode: null);
        Assert.That(inherited, Is.EqualTo(new Ace[]
        {
            new(true, 0, 2, AceWho.Everyone), new(false, 0, 7, AceWho.Owner), new(false, (uint)ACE4_INHERITED_ACE, 1, AceWho.User, 5),
        }));
        Assert.That(AclInheritance.Inherit(directory[..3], isDirectory: false, mode: null), Is.Empty, "nothing is handed down at all");
        Assert.That(ToPosix.Default(directory).Where(e => e.Tag == PosixAclTag.OwningUser).Select(e => e.Permissions), Is.EqualTo(new[] { 4u }));
    }

    [Test]
    public void Nobody_gets_more_of_a_new_file_than_its_mode_has() =>
        Gen.Select(AnyAcl, Anyone, Gen.UInt[0, 0x1FF]).Sample((acl, who, mode) =>
        {
            var inherited = AclInheritance.Inherit(acl, isDirectory: false, mode);
            uint granted = Evaluate(ToPosix.Access(inherited, isDirectory: false), who);
            uint most = (mode >> 6 | mode >> 3 | mode) & 7;
            Assert.That(granted & ~most, Is.Zero);
        }, iter: 4_000);

    /// <summary>RFC 8881 §6.2.1: entry by entry until each right is decided.</summary>
    private static uint Evaluate(IEnumerable<Ace> acl, (uint User, uint[] Groups) who)
    {
        uint allowed = 0, denied = 0;
        foreach (var ace in acl.Where(a => a.Applies))
        {
            bool applies = ace.Who switch
            {
                AceWho.Owner => who.User == OwnerId,
                AceWho.Group => who.Groups.Contains(OwningGroup),
                AceWho.Everyone => true,
                AceWho.User => who.User == ace.Id,
                _ => who.Groups.Contains(ace.Id),
            };
            if (!applies)
                continue;
            if (ace.Denies)
                denied |= ace.Mask & ~allowed;
            else
                allowed |= ace.Mask & ~denied;
        }
        return allowed;
    }

    /// <summary>acl(5), access check algorithm: one matching group entry has to have all the rights asked for, so each right is asked alone.</summary>
    private static uint Evaluate(IReadOnlyList<PosixAclEntry> acl, (uint User, uint[] Groups) who)
    {
        if (who.User == OwnerId)
            return acl.First(e => e.Tag == PosixAclTag.OwningUser).Permissions;
        return Union(acl, who);
    }

    private static uint Union(IReadOnlyList<PosixAclEntry> acl, (uint User, uint[] Groups) who)
    {
        if (who.User == OwnerId)
            return acl.First(e => e.Tag == PosixAclTag.OwningUser).Permissions;
        uint mask = acl.Where(e => e.Tag == PosixAclTag.Mask).Select(e => e.Permissions).FirstOrDefault(7u);
        foreach (var entry in acl.Where(e => e.Tag == PosixAclTag.User && e.Id == who.User))
            return entry.Permissions & mask;
        PosixAclEntry[] groups = [.. acl.Where(e => (e.Tag == PosixAclTag.OwningGroup && who.Groups.Contains(OwningGroup)) || (e.Tag == PosixAclTag.Group && who.Groups.Contains(e.Id)))];
        return groups.Length > 0 ? groups.Aggregate(0u, (sum, e) => sum | e.Permissions) & mask : acl.First(e => e.Tag == PosixAclTag.Other).Permissions;
    }

    /// <summary>What each class gets, the mask applied.</summary>
    private static List<(PosixAclTag, uint, uint)> Effective(IReadOnlyList<PosixAclEntry> acl)
    {
        uint mask = acl.Where(e => e.Tag == PosixAclTag.Mask).Select(e => e.Permissions).FirstOrDefault(7u);
        return [.. acl.Where(e => e.Tag != PosixAclTag.Mask)
            .Select(e => (e.Tag, e.Id, e.Tag is PosixAclTag.OwningUser or PosixAclTag.Other ? e.Permissions : e.Permissions & mask)).Order()];
    }
}
