using System.Runtime.CompilerServices;
using NfsdCtl.AdminFs;
using NfsdCtl.Fuse;

namespace NfsdCtl.Tests.AdminFs;

/// <summary>The approved list of admin files. A change of it is a change for every administrator: put the new text into Listing.approved.txt knowingly.</summary>
public sealed class ListingTests : AdminFixture
{
    [Test]
    public void The_listing_is_the_approved_one([Values] bool throughTheHelpFile)
    {
        string listing = throughTheHelpFile
            ? Read("help")
            : string.Concat(Tree.Listing().Select(f => $"{f.Path,-24} {Convert.ToString(f.File.Mode, 8).PadLeft(4, '0')} {f.File.Kind.ToString().ToLowerInvariant(),-8} {f.File.Help}\n"));
        Assert.That(listing, Is.EqualTo(File.ReadAllText(Approved())));
    }

    [Test]
    public void Directories_have_their_modes()
    {
        Assert.That(Tree.Find("/"u8)!.Mode, Is.EqualTo(0x1ED), "0755");
        Assert.That(Tree.Find("/clients"u8)!.Mode, Is.EqualTo(0x1C0), "0700");
        Assert.That(Tree.Find("/last"u8)!.Mode, Is.EqualTo(0x1ED), "0755");
    }

    [Test]
    public void Every_listed_file_is_found_and_numbers_are_unique()
    {
        var nodes = new[] { "/", "/last", "/clients" }.SelectMany(d => Tree.List(System.Text.Encoding.UTF8.GetBytes(d))!).ToList();
        Assert.That(nodes.Select(n => n.Ino), Is.Unique);
        Assert.That(nodes.Where(n => n.File is not null).Select(n => n.Path[1..]).Order(StringComparer.Ordinal), Is.EqualTo(Tree.Listing().Select(f => f.Path)));
        Assert.That(Tree.Find("/nothing"u8), Is.Null);
        Assert.That(Tree.Find("/last/nothing"u8), Is.Null);
        Assert.That(Tree.Find("/clients/1"u8), Is.Null);
        Assert.That(Tree.List("/threads"u8), Is.Null);
    }

    [Test]
    public void Files_look_like_procfs()
    {
        var files = new AdminFileSystem(new AdminHost(Control, Time, Audit.Add));
        var attributes = new FuseAttributes();
        Assert.That(files.GetAttr("/unlock_ip"u8, ref attributes), Is.Zero);
        Assert.That(attributes, Is.EqualTo(new FuseAttributes { Ino = attributes.Ino, Mode = 0x8180, Links = 1, Uid = 0, Gid = 0, Time = Time.GetUtcNow() }));
    }

    private static string Approved([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "Listing.approved.txt");
}
