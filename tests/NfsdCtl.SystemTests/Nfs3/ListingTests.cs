using NfsdCtl.Protocols.Nfs3;
using NfsdCtl.TestKit.Nfs3;

namespace NfsdCtl.SystemTests.Nfs3;

/// <summary>READDIR and READDIRPLUS: RFC 1813 §3.3.16, §3.3.17.</summary>
public class ListingTests(string type) : Nfs3TestBase(type)
{
    private static IEnumerable<string> Names(int from, int count) => Enumerable.Range(from, count).Select(i => $"file-{i:d6}");

    private void Fill(int from, int count)
    {
        foreach (string name in Names(from, count))
            File.WriteAllBytes(Path.Combine(DirPath, name), []);
    }

    [Test]
    public void Every_name_comes_once_whatever_the_size_of_the_pages([Values] bool plus, [Values(600u, 4096u, 65536u, 1u << 20)] uint count)
    {
        int files = count < 4096 ? 100 : 3000;
        Fill(0, files);
        Assert.That(Nfs.List(Dir, plus, count).Select(e => e.Name), Is.EquivalentTo(Names(0, files)));
    }

    [Test]
    public void Dots_are_listed_and_have_the_right_fileids([Values] bool plus)
    {
        byte[] inner = Made(Nfs.MkDir(Dir, "d"));
        var page = plus ? Nfs.ReadDirPlus(inner) : Nfs.ReadDir(inner);
        Assert.That(page.EndOfDirectory, Is.True);
        Assert.That(page.Entries.ToDictionary(e => e.Name, e => e.FileId), Is.EquivalentTo(new Dictionary<string, ulong>
        {
            ["."] = AttributesOf(inner).fileid,
            [".."] = AttributesOf(Dir).fileid,
        }));
        var after = AttributesOf(inner);
        Assert.That(page.Directory.attributes with { atime = after.atime }, Is.EqualTo(after));
        var root = plus ? Nfs.ReadDirPlus(Server.Root) : Nfs.ReadDir(Server.Root);
        ulong rootId = AttributesOf(Server.Root).fileid;
        Assert.That(root.Entries.Where(e => e.Name is "." or "..").Select(e => e.FileId), Is.EqualTo(new[] { rootId, rootId }),
            "an export's root is its own parent");
    }

    [Test]
    public void Plus_has_what_lookup_has()
    {
        FileOf("f", "hello"u8);
        Made(Nfs.MkDir(Dir, "d"));
        Made(Nfs.SymLink(Dir, "l", "x"));
        Made(Nfs.MkNod(Dir, "p", ftype3.NF3FIFO));
        foreach (var entry in Nfs.List(Dir, plus: true))
        {
            var found = Nfs.Lookup(Dir, entry.Name);
            Assert.That(entry.Handle, Is.EqualTo(found.Handle), entry.Name);
            Assert.That(entry.Attributes.attributes, Is.EqualTo(found.Object.attributes), entry.Name);
            Assert.That(entry.FileId, Is.EqualTo(found.Object.attributes.fileid), entry.Name);
        }
        File.AppendAllText(Path.Combine(DirPath, "f"), "more");
        Assert.That(Nfs.List(Dir, plus: true).Single(e => e.Name == "f").Attributes.attributes.size, Is.EqualTo(9), "attributes are fresh each time");
    }

    [Test]
    public void A_reply_is_no_longer_than_asked_for([Values(200u, 500u, 1000u, 5000u)] uint count)
    {
        Fill(0, 200);
        var plain = Nfs.ReadDir(Dir, count: count);
        var plus = Nfs.ReadDirPlus(Dir, dircount: count, maxcount: count);
        // The status is not part of resok, which is what count bounds.
        Assert.That(plain.Size - 4, Is.LessThanOrEqualTo((int)count));
        Assert.That(plain.Entries, Is.Not.Empty);
        if (plus.Status != nfsstat3.NFS3ERR_TOOSMALL)
            Assert.That(plus.Size - 4, Is.LessThanOrEqualTo((int)count));
        if (count >= 500)
            Assert.That(plus.Entries, Is.Not.Empty);
    }

    [Test]
    public void Dircount_bounds_the_names()
    {
        Fill(0, 200);
        var few = Nfs.ReadDirPlus(Dir, dircount: 400, maxcount: 1 << 20);
        Assert.That(few.Entries, Has.Count.InRange(5, 13));
        Assert.That(few.EndOfDirectory, Is.False);
        Assert.That(Nfs.ReadDirPlus(Dir, dircount: 1, maxcount: 1 << 20).Entries, Has.Count.EqualTo(1));
    }

    [Test]
    public void No_room_for_one_entry_is_toosmall([Values(0u, 50u, 100u, 110u)] uint count)
    {
        Assert.That(Nfs.ReadDir(Dir, count: count).Status, Is.EqualTo(nfsstat3.NFS3ERR_TOOSMALL));
        var plus = Nfs.ReadDirPlus(Dir, dircount: 1000, maxcount: count);
        Assert.That(plus.Status, Is.EqualTo(nfsstat3.NFS3ERR_TOOSMALL));
        Assert.That(plus.Directory.attributes_follow, Is.True);
    }

    [Test]
    public void What_is_no_directory_is_notdir()
    {
        byte[] file = FileOf("f", "x"u8);
        Assert.That(Nfs.ReadDir(file).Status, Is.EqualTo(nfsstat3.NFS3ERR_NOTDIR));
        Assert.That(Nfs.ReadDirPlus(file).Status, Is.EqualTo(nfsstat3.NFS3ERR_NOTDIR));
        Assert.That(Nfs.ReadDirPlus(file).Directory.attributes.type, Is.EqualTo(ftype3.NF3REG));
    }

    [Test]
    public void A_cookie_that_cannot_be_is_refused_or_the_end([Values(1ul << 63, ulong.MaxValue)] ulong cookie)
    {
        var result = Nfs.ReadDir(Dir, cookie);
        Assert.That(result.Status, Is.EqualTo(nfsstat3.NFS3ERR_BAD_COOKIE));
    }

    [Test]
    public void Ten_thousand_entries_under_change_are_listed_once_each([Values] bool plus)
    {
        // Entries that are there from the beginning to the end come exactly once, whatever else comes and goes meanwhile.
        Fill(0, 10_000);
        var seen = new List<string>();
        ulong cookie = 0;
        int extra = 20_000;
        for (bool end = false; !end;)
        {
            var page = plus ? Nfs.ReadDirPlus(Dir, cookie, null, 16_384, 16_384) : Nfs.ReadDir(Dir, cookie, null, 8192);
            Assert.That(page.Status, Is.EqualTo(Ok));
            seen.AddRange(page.Entries.Select(e => e.Name));
            end = page.EndOfDirectory;
            cookie = page.Entries[^1].Cookie;
            Fill(extra, 10);
            foreach (string name in Names(extra - 10, 10))
                File.Delete(Path.Combine(DirPath, name));
            // Of the first ten thousand, those that were listed may go as well.
            File.Delete(Path.Combine(DirPath, page.Entries.FirstOrDefault(e => e.Name.StartsWith("file-0", StringComparison.Ordinal))?.Name ?? "none"));
            extra += 10;
        }
        Assert.That(seen, Is.Unique);
        Assert.That(seen.Intersect(Names(0, 10_000)), Is.EquivalentTo(Names(0, 10_000)));
    }

    [Test]
    public void A_listing_shows_changes_at_once()
    {
        Fill(0, 5);
        for (int i = 0; i < 50; i++)
        {
            Assert.That(Nfs.List(Dir, plus: true), Has.Count.EqualTo(5));
            Made(Nfs.Create(Dir, "new"));
            Assert.That(Nfs.List(Dir, plus: true), Has.Count.EqualTo(6));
            File.Delete(Path.Combine(DirPath, "new"));
        }
    }
}
