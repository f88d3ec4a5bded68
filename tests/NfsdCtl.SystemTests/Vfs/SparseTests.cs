using System.Text;
using NfsdCtl.Vfs;

namespace NfsdCtl.SystemTests.Vfs;

/// <summary>Holes, copies and extended attributes on real filesystems.</summary>
[TestFixture("tmpfs")]
[TestFixture("ext4")]
public sealed class SparseTests(string type) : VfsTestBase(type)
{
    private const ulong Block = 4096;
    private const ulong Far = 1 << 20;

    [Test]
    public void Seek_finds_data_and_holes() => Run(() =>
    {
        using var root = Mount(AliceId);
        Assert.That(Create(root, "f", out var file), Is.EqualTo(VfsStatus.Ok));
        using (file)
        {
            Assert.That(Write(file, Far, "data"), Is.EqualTo(VfsStatus.Ok));
            Assert.That(Files.Seek(file, 0, forHole: false, out ulong position, out bool end), Is.EqualTo(VfsStatus.Ok));
            Assert.That((position, end), Is.EqualTo((Far, false)));
            Assert.That(Files.Seek(file, 5, forHole: true, out position, out end), Is.EqualTo(VfsStatus.Ok));
            Assert.That((position, end), Is.EqualTo((5UL, false)));
            Assert.That(Files.Seek(file, Far, forHole: true, out position, out end), Is.EqualTo(VfsStatus.Ok));
            Assert.That((position, end), Is.EqualTo((Far + 4, true)));
            Assert.That(Files.Seek(file, Far + 4, forHole: true, out _, out _), Is.EqualTo(VfsStatus.NxIo));
            Assert.That(Files.Seek(file, ulong.MaxValue, forHole: false, out _, out _), Is.EqualTo(VfsStatus.NxIo));
        }
        Assert.That(Files.Seek(root, 0, forHole: false, out _, out _), Is.EqualTo(VfsStatus.IsDir));
    });

    [Test]
    public void Room_is_reserved_and_given_back() => Run(() =>
    {
        using var root = Mount(AliceId);
        Assert.That(Create(root, "f", out var file), Is.EqualTo(VfsStatus.Ok));
        using (file)
        {
            Assert.That(Files.Allocate(file, 0, Far, out var wcc), Is.EqualTo(VfsStatus.Ok));
            Assert.That((wcc.SizeBefore, wcc.After.Size, wcc.After.Used >= Far), Is.EqualTo((0UL, Far, true)));
            Assert.That(Write(file, 0, "begin"), Is.EqualTo(VfsStatus.Ok));
            Assert.That(Files.Deallocate(file, 0, Far / 2, out wcc), Is.EqualTo(VfsStatus.Ok));
            Assert.That((wcc.After.Size, wcc.After.Used < Far), Is.EqualTo((Far, true)));
            Assert.That(Read(file, 0, 5, out string data, out _), Is.EqualTo(VfsStatus.Ok));
            Assert.That(data, Is.EqualTo("\0\0\0\0\0"));
            Assert.That(Files.Allocate(file, ulong.MaxValue, 2, out _), Is.EqualTo(VfsStatus.FBig));
            Assert.That(Files.Allocate(file, 0, 0, out _), Is.EqualTo(VfsStatus.Inval));
            Assert.That(Files.Allocate(file, 0, 1UL << 40, out _), Is.EqualTo(VfsStatus.NoSpc));
        }
    });

    [Test]
    public void Only_who_may_write_makes_holes() => Run(() =>
    {
        using var root = Mount(AliceId);
        Assert.That(Create(root, "f", out var file), Is.EqualTo(VfsStatus.Ok));
        file.Dispose();
        using var others = Mount(BobId);
        using var same = Find(others, "f");
        Assert.That(Files.Deallocate(same, 0, 1, out _), Is.EqualTo(VfsStatus.Access));
        Assert.That(Files.Allocate(same, 0, 1, out _), Is.EqualTo(VfsStatus.Access));
        Assert.That(Files.SetXattr(same, "a"u8, "b"u8, SetXattrHow.Either, out _), Is.EqualTo(VfsStatus.Access));
    });

    [Test]
    public void Extents_are_data_and_holes_by_turns() => Run(() =>
    {
        using var root = Mount(AliceId);
        Assert.That(Create(root, "f", out var file), Is.EqualTo(VfsStatus.Ok));
        using (file)
        {
            Assert.That(Write(file, 0, new string('a', (int)Block)), Is.EqualTo(VfsStatus.Ok));
            Assert.That(Write(file, Far, "end"), Is.EqualTo(VfsStatus.Ok));
            var found = new List<(bool, ulong)>();
            ulong size;
            for (ulong at = 0; ; at += found[^1].Item2)
            {
                Assert.That(Files.Extent(file, at, ulong.MaxValue, out bool isHole, out ulong length, out size), Is.EqualTo(VfsStatus.Ok));
                if (length == 0)
                    break;
                found.Add((isHole, length));
            }
            Assert.That(found, Is.EqualTo(new[] { (false, Block), (true, Far - Block), (false, 3UL) }));
            Assert.That(size, Is.EqualTo(Far + 3));
            Assert.That(Files.Extent(file, 1, 10, out bool hole, out ulong cut, out _), Is.EqualTo(VfsStatus.Ok));
            Assert.That((hole, cut), Is.EqualTo((false, 10UL)));
        }
    });

    [Test]
    public void Data_are_copied_without_a_client() => Run(() =>
    {
        using var root = Mount(AliceId);
        Assert.That(Create(root, "from", out var source), Is.EqualTo(VfsStatus.Ok));
        Assert.That(Create(root, "to", out var target), Is.EqualTo(VfsStatus.Ok));
        using (source)
        using (target)
        {
            Assert.That(Write(source, 0, "0123456789"), Is.EqualTo(VfsStatus.Ok));
            Assert.That(Files.CopyRange(source, 2, target, 1, 3, out ulong copied), Is.EqualTo(VfsStatus.Ok));
            Assert.That(copied, Is.EqualTo(3));
            Assert.That(Read(target, 0, 100, out string data, out _), Is.EqualTo(VfsStatus.Ok));
            Assert.That(data, Is.EqualTo("\0234"));
            Assert.That(Files.CopyRange(source, 8, target, 0, 0, out copied), Is.EqualTo(VfsStatus.Ok));
            Assert.That(copied, Is.EqualTo(2), "0 is to the end");
            Assert.That(Files.CopyRange(source, 8, target, 0, 3, out copied), Is.EqualTo(VfsStatus.Inval), "beyond the end of the source");
            Assert.That(Files.CopyRange(source, 0, source, 1, 5, out copied), Is.EqualTo(VfsStatus.Inval), "onto itself");
            Assert.That(copied, Is.Zero);
            Assert.That(Files.CopyRange(source, 0, source, 100, 10, out copied), Is.EqualTo(VfsStatus.Ok));
            Assert.That(Read(source, 100, 100, out data, out _), Is.EqualTo(VfsStatus.Ok));
            Assert.That(data, Is.EqualTo("0123456789"));
            Assert.That(Files.CopyRange(source, 0, target, long.MaxValue, 10, out _), Is.EqualTo(VfsStatus.FBig));
        }
    });

    [Test]
    public void Files_do_not_share_blocks_here_and_it_is_said_so() => Run(() =>
    {
        using var root = Mount(AliceId);
        Assert.That(Create(root, "from", out var source), Is.EqualTo(VfsStatus.Ok));
        Assert.That(Create(root, "to", out var target), Is.EqualTo(VfsStatus.Ok));
        using (source)
        using (target)
        {
            Assert.That(Write(source, 0, "0123456789"), Is.EqualTo(VfsStatus.Ok));
            Assert.That(Files.Clone(source, 0, target, 0, 0), Is.EqualTo(VfsStatus.NotSupp));
            Assert.That(Files.SupportsClones(source), Is.False);
        }
    });

    [Test]
    public void Advice_is_taken() => Run(() =>
    {
        using var root = Mount(AliceId);
        Assert.That(Create(root, "f", out var file), Is.EqualTo(VfsStatus.Ok));
        using (file)
            foreach (var advice in Enum.GetValues<Advice>())
                Assert.That(Files.Advise(file, 0, 0, advice), Is.EqualTo(VfsStatus.Ok), advice.ToString());
    });

    [Test]
    public void Extended_attributes_are_set_told_and_removed() => Run(() =>
    {
        using var root = Mount(AliceId);
        Assert.That(Create(root, "f", out var file), Is.EqualTo(VfsStatus.Ok));
        using (file)
        {
            Assert.That(Files.SupportsXattrs(file), Is.True);
            Assert.That(Files.SetXattr(file, "colour"u8, "red"u8, SetXattrHow.Replace, out _), Is.EqualTo(VfsStatus.NoXattr));
            Assert.That(Files.SetXattr(file, "colour"u8, "red"u8, SetXattrHow.Create, out var wcc), Is.EqualTo(VfsStatus.Ok));
            Assert.That(wcc.After.ChangeCookie, Is.Not.Zero);
            Assert.That(Files.SetXattr(file, "colour"u8, "blue"u8, SetXattrHow.Create, out _), Is.EqualTo(VfsStatus.Exist));
            Assert.That(Files.SetXattr(file, "colour"u8, "blue"u8, SetXattrHow.Either, out _), Is.EqualTo(VfsStatus.Ok));
            Assert.That(Files.SetXattr(file, "empty"u8, default, SetXattrHow.Either, out _), Is.EqualTo(VfsStatus.Ok));
            byte[] room = new byte[FileService.MaxXattrList];
            Assert.That(Files.GetXattr(file, "colour"u8, room, out int length), Is.EqualTo(VfsStatus.Ok));
            Assert.That(Encoding.UTF8.GetString(room, 0, length), Is.EqualTo("blue"));
            Assert.That(Files.GetXattr(file, "colour"u8, default, out length), Is.EqualTo(VfsStatus.Ok));
            Assert.That(length, Is.EqualTo(4), "asked for the length alone");
            Assert.That(Files.GetXattr(file, "colour"u8, room.AsSpan(0, 2), out _), Is.EqualTo(VfsStatus.TooSmall));
            Assert.That(Files.ListXattrs(file, room, out length), Is.EqualTo(VfsStatus.Ok));
            Assert.That(Encoding.UTF8.GetString(room, 0, length).Split('\0', StringSplitOptions.RemoveEmptyEntries), Is.EquivalentTo(new[] { "colour", "empty" }));
            Assert.That(Files.RemoveXattr(file, "colour"u8, out _), Is.EqualTo(VfsStatus.Ok));
            Assert.That(Files.RemoveXattr(file, "colour"u8, out _), Is.EqualTo(VfsStatus.NoXattr));
            Assert.That(Files.GetXattr(file, "colour"u8, room, out _), Is.EqualTo(VfsStatus.NoXattr));
            Assert.That(Files.SetXattr(file, new byte[251], "x"u8, SetXattrHow.Either, out _), Is.EqualTo(VfsStatus.Inval), "NUL in a name");
            Assert.That(Files.SetXattr(file, Encoding.UTF8.GetBytes(new string('n', 251)), "x"u8, SetXattrHow.Either, out _), Is.EqualTo(VfsStatus.NameTooLong));
            Assert.That(Files.SetXattr(file, "big"u8, new byte[FileService.MaxXattrValue + 1], SetXattrHow.Either, out _), Is.EqualTo(VfsStatus.XattrTooBig));
        }
    });

    [Test]
    public void Attributes_of_the_server_and_of_the_system_are_not_the_clients() => Run(() =>
    {
        using var root = Mount(0);
        Assert.That(Create(root, "f", out var file), Is.EqualTo(VfsStatus.Ok));
        using (file)
        {
            Assert.That(Files.SetAccessLists(file, Lists(6, 4, 4, new PosixAclEntry(PosixAclTag.User, 7, BobId))), Is.EqualTo(VfsStatus.Ok));
            byte[] room = new byte[FileService.MaxXattrList];
            Assert.That(Files.ListXattrs(file, room, out int length), Is.EqualTo(VfsStatus.Ok));
            Assert.That(length, Is.Zero);
        }
    });

    [Test]
    public void Access_lists_are_enforced_and_what_was_kept_lasts_until_they_change() => Run(() =>
    {
        using var root = Mount(AliceId);
        Assert.That(Create(root, "f", out var file, mode: 0x180), Is.EqualTo(VfsStatus.Ok));
        using (file)
        {
            Assert.That(Write(file, 0, "secret"), Is.EqualTo(VfsStatus.Ok));
            var lists = Lists(6, 0, 0, new PosixAclEntry(PosixAclTag.User, 4, BobId)) with { Kept = "as given"u8.ToArray() };
            Assert.That(Files.SetAccessLists(file, lists), Is.EqualTo(VfsStatus.Ok));
            using var others = Mount(BobId);
            using var same = Find(others, "f");
            Assert.That(Read(same, 0, 6, out string data, out _), Is.EqualTo(VfsStatus.Ok));
            Assert.That(data, Is.EqualTo("secret"));
            Assert.That(Write(same, 0, "x"), Is.EqualTo(VfsStatus.Access));
            Assert.That(Files.SetAccessLists(same, lists), Is.EqualTo(VfsStatus.Perm), "only the owner sets them");
            Assert.That(Files.GetAccessLists(same, out var told), Is.EqualTo(VfsStatus.Ok));
            Assert.That(told!.Access, Is.EquivalentTo(lists.Access));
            Assert.That(told.Kept.ToArray(), Is.EqualTo("as given"u8.ToArray()));
            Assert.That(Files.SetAttr(file, new SetAttributes { Mode = 0x1B0 }, out _), Is.EqualTo(VfsStatus.Ok));
            Assert.That(Files.GetAccessLists(file, out told), Is.EqualTo(VfsStatus.Ok));
            Assert.That(told!.Kept.IsEmpty, Is.True, "it said something else than the mode does now");
        }
    });

    [Test]
    public void A_umask_counts_where_no_default_list_does() => Run(() =>
    {
        using var root = Mount(AliceId);
        var wanted = new SetAttributes { Mode = 0x1B6, Umask = 0x12 };
        Assert.That(Files.Create(root, "plain"u8, CreateHow.Guarded, wanted, 0, out var made, out var attributes, out _), Is.EqualTo(VfsStatus.Ok));
        made.Dispose();
        Assert.That(attributes.Mode, Is.EqualTo(0x1A4));
        Assert.That(Files.Create(root, "exclusive"u8, CreateHow.Exclusive, wanted, 5, out made, out attributes, out _), Is.EqualTo(VfsStatus.Ok));
        made.Dispose();
        Assert.That(attributes.Mode, Is.EqualTo(0x1A4));
        Assert.That(Files.MakeDirectory(root, "d"u8, new SetAttributes { Mode = 0x1FF, Umask = 0x12 }, out var directory, out attributes, out _), Is.EqualTo(VfsStatus.Ok));
        Assert.That(attributes.Mode, Is.EqualTo(0x1ED));
        using (directory)
        {
            Assert.That(Files.SetAccessLists(directory, Lists(7, 5, 5) with { Default = Lists(6, 6, 0).Access }), Is.EqualTo(VfsStatus.Ok));
            Assert.That(Files.Create(directory, "below"u8, CreateHow.Guarded, wanted, 0, out made, out attributes, out _), Is.EqualTo(VfsStatus.Ok));
            made.Dispose();
            Assert.That(attributes.Mode, Is.EqualTo(0x1B0));
        }
        Assert.That(Create(root, "next", out made, mode: 0x1FF), Is.EqualTo(VfsStatus.Ok));
        Assert.That(Files.GetAttr(made, out attributes), Is.EqualTo(VfsStatus.Ok));
        made.Dispose();
        Assert.That(attributes.Mode, Is.EqualTo(0x1FF), "the mask is gone with the call");
    });

    private static AccessLists Lists(uint owner, uint group, uint other, params PosixAclEntry[] named)
    {
        var entries = new List<PosixAclEntry> { new(PosixAclTag.OwningUser, owner), new(PosixAclTag.OwningGroup, group), new(PosixAclTag.Other, other) };
        entries.AddRange(named);
        if (named.Length > 0)
            entries.Add(new PosixAclEntry(PosixAclTag.Mask, named.Aggregate(group, (sum, e) => sum | e.Permissions)));
        return new AccessLists { Access = entries };
    }
}
