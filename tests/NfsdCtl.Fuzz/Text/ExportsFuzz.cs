using System.Text.Json;
using System.Text.RegularExpressions;
using NfsdCtl.Vfs.Exports;

namespace NfsdCtl.Fuzz.Text;

/// <summary>exports(5) with any text in it: exports, mistakes at file:line:column, never an exception.</summary>
public sealed partial class ExportsFuzz
{
    private static readonly string[] Words =
    [
        "/srv", "/srv/a b", "/", "relative", "\"/srv/quoted name\"", "\\040", "\\303\\244", "\\400", "*", "10.0.0.0/8", "10.0.0.1", "fe80::/10", "::1", "[::1]",
        "*.example.org", "host", "@group", "(", ")", "(rw)", "(rw,sync,no_subtree_check)", "rw", "ro", "sync", "fsid=0", "fsid=7", "fsid=", "anonuid=-2",
        "anonuid=65534", "sec=sys", "sec=krb5", "-ro", ",", "\n", "\n/srv ", "\\\n", "# comment\n", " ", "\t",
    ];

    [Test]
    [Category("Fuzz")]
    public void Any_text_gives_exports_and_mistakes_with_places() => FuzzRun.For(random =>
    {
        string text = Mutator.Text(random, Words, 40);
        var result = ExportParser.Parse("/etc/exports", text);
        int lines = text.Count(c => c == '\n') + 1;
        foreach (var error in result.Errors)
        {
            var place = Place().Match(error.Origin);
            Assert.That(place.Success, () => $"{error} of {Show(text)}");
            Assert.That(int.Parse(place.Groups[1].ValueSpan, null), Is.InRange(1, lines), () => $"{error} of {Show(text)}");
            Assert.That(int.Parse(place.Groups[2].ValueSpan, null), Is.Positive, () => $"{error} of {Show(text)}");
        }
        foreach (var export in result.Exports)
        {
            Assert.That(export.Path, Does.StartWith("/").And.Not.Contain('\0'), () => Show(text));
            Assert.That(export.Path.Split('/'), Has.No.Member(".."), () => Show(text));
            // What is served is shown in one line of /proc/fs/nfsd/exports.
            Assert.That(ExportText.Format(export), Does.Not.Contain('\n'), () => Show(text));
        }
    });

    [GeneratedRegex("^/etc/exports:([0-9]+):([0-9]+)$")]
    private static partial Regex Place();

    private static string Show(string text) => JsonSerializer.Serialize(text);
}
