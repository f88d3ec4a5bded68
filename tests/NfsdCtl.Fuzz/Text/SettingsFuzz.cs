using NfsdCtl.Configuration;

namespace NfsdCtl.Fuzz.Text;

/// <summary>nfsdctl.conf with any text in it: values with their places, mistakes with theirs, never an exception.</summary>
public sealed class SettingsFuzz
{
    private static readonly string[] Words =
    [
        "[nfsd]", "[lockd]", "[statd]", "[nfsdctl]", "threads", "host", "port", "grace-time", "lease-time", "scope", "records-dir",
        " = ", "=", "\n", "\n\n", "\r\n", "\\\n", "# comment", "; comment", "\"", "\"quoted value\"", "0", "8", "65536", "-1", "10.0.0.1", "::1",
    ];

    [Test]
    [Category("Fuzz")]
    public void Any_text_gives_values_and_mistakes_with_places() => FuzzRun.For(random =>
    {
        string text = Mutator.Text(random, Words, 60);
        var problems = new List<ConfigurationProblem>();
        var entries = NfsConfParser.Parse("/etc/test.conf", text, problems);
        string[] lines = text.ReplaceLineEndings("\n").Split('\n');
        foreach (var problem in problems)
        {
            Assert.That(problem.Line, Is.InRange(1, lines.Length), $"{problem} of {Show(text)}");
            Assert.That(problem.Column, Is.Positive, $"{problem} of {Show(text)}");
        }
        foreach (var entry in entries)
        {
            Assert.That(entry.Line, Is.InRange(1, lines.Length), $"{entry} of {Show(text)}");
            Assert.That(entry.Key, Is.Not.Empty, Show(text));
            Assert.That(entry.Column, Is.Positive, Show(text));
        }
        Assert.That(entries.Select(entry => (entry.Section, entry.Key)), Is.Unique, Show(text));
    });

    private static string Show(string text) => System.Text.Json.JsonSerializer.Serialize(text);
}
