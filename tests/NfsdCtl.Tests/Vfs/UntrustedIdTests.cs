using NfsdCtl.Vfs;
using NfsdCtl.Vfs.Exports;

namespace NfsdCtl.Tests.Vfs;

/// <summary>Ids that no user has, as a hostile or careless client may send them.</summary>
public sealed class UntrustedIdTests
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

    [TestCase("//", "/")]
    [TestCase("/srv//", "/srv")]
    public void Slashes_at_the_end_of_an_export_do_not_count(string text, string path)
    {
        var result = ExportParser.Parse("exports", text + " *(rw)\n");
        Assert.That(result.Errors, Is.Empty);
        Assert.That(result.Exports.Single().Path, Is.EqualTo(path));
    }
}
