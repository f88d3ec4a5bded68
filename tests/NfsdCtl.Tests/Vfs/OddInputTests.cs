using NfsdCtl.Vfs;
using NfsdCtl.Vfs.Exports;

namespace NfsdCtl.Tests.Vfs;

/// <summary>Ids that no user has, as a hostile or careless client may send them, and names that are easily misread.</summary>
public sealed class OddInputTests
{
    private static readonly ExportOptions Anonymous = ExportOptions.Default with { AnonUid = 100, AnonGid = 101 };

    [TestCase(Squash.None)]
    [TestCase(Squash.Root)]
    public void Minus_one_is_anonymous_whatever_the_export_says(Squash squash)
    {
        var credential = Squasher.Apply(uint.MaxValue, uint.MaxValue, [7, uint.MaxValue], Anonymous with { Squash = squash });
        Assert.That((credential.Uid, credential.Gid), Is.EqualTo((100u, 101u)));
        Assert.That(credential.Groups.ToArray(), Is.EqualTo(new[] { 7u, 101u }));
    }

    /// <summary>Escapes are bytes and other characters stay what they are, side by side in one name.</summary>
    [TestCase("/\\303\\244", "/\u00e4")]
    [TestCase("/\ud83d\ude00\\303\\244", "/\ud83d\ude00\u00e4")]
    [TestCase("/\ue0a0\\040", "/\ue0a0 ")]
    [TestCase("/\ue0a0\\303\\244", "/\ue0a0\u00e4")]
    [TestCase("//", "/")]
    [TestCase("/srv//", "/srv")]
    public void The_path_of_an_export_is_what_is_meant(string text, string path)
    {
        var result = ExportParser.Parse("exports", text + " *(rw)\n");
        Assert.That(result.Errors, Is.Empty);
        Assert.That(result.Exports.Single().Path, Is.EqualTo(path));
    }
}
