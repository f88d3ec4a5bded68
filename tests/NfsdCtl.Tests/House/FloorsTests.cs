using System.Runtime.CompilerServices;
using System.Xml.Linq;

namespace NfsdCtl.Tests.House;

/// <summary>A project references lower floors only, never a sibling on its own floor: read from the project files.</summary>
public sealed class FloorsTests
{
    private static readonly Dictionary<string, int> Floors = new()
    {
        ["NfsdCtl.Xdr.Generator"] = 0,
        ["NfsdCtl.Base"] = 0,
        ["NfsdCtl.Linux"] = 0,
        ["NfsdCtl.Wire"] = 1,
        ["NfsdCtl.State"] = 1,
        ["NfsdCtl.Vfs"] = 1,
        ["NfsdCtl.Protocols"] = 2,
        ["NfsdCtl.Control"] = 2,
        ["NfsdCtl.Fuse"] = 2,
        ["NfsdCtl.Storage"] = 2,
        ["NfsdCtl.AdminFs"] = 3,
        ["NfsdCtl"] = 4,
    };

    private static readonly string Source = Path.Combine(Root(), "src");

    private static IEnumerable<string> Projects() =>
        Directory.EnumerateFiles(Source, "*.csproj", SearchOption.AllDirectories).Select(Path.GetFileNameWithoutExtension).Order()!;

    [Test]
    public void Every_project_has_a_floor() => Assert.That(Projects(), Is.SubsetOf(Floors.Keys));

    [TestCaseSource(nameof(Projects))]
    public void References_lower_floors_only(string project)
    {
        var edges = References(project).Where(r => Floors[r] >= Floors[project]).Select(r => $"{project} → {r}");
        Assert.That(edges, Is.Empty);
    }

    /// <summary>State is pure: it may know nothing but the shared words.</summary>
    [Test]
    public void State_references_nothing_but_the_base() => Assert.That(References("NfsdCtl.State"), Is.EqualTo(new[] { "NfsdCtl.Base" }));

    [Test]
    public void A_sibling_would_be_seen()
    {
        Assert.That(Floors["NfsdCtl.Wire"] >= Floors["NfsdCtl.State"], "the rule forbids an edge between siblings");
        Assert.That(References("NfsdCtl"), Does.Contain("NfsdCtl.AdminFs"), "the reader finds references at all");
    }

    /// <summary>Source files stay readable: under 600 lines each.</summary>
    [Test]
    public void Files_are_under_600_lines()
    {
        var separators = $"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}";
        var tooLong = Directory.EnumerateFiles(Source, "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains(separators, StringComparison.Ordinal))
            .Select(f => (File: Path.GetRelativePath(Source, f), Lines: File.ReadLines(f).Count()))
            .Where(f => f.Lines > 600);
        Assert.That(tooLong, Is.Empty);
    }

    private static List<string> References(string project) =>
        XDocument.Load(Path.Combine(Source, project, project + ".csproj")).Descendants("ProjectReference")
            .Select(e => Path.GetFileNameWithoutExtension(e.Attribute("Include")!.Value.Replace('\\', '/'))).ToList();

    private static string Root([CallerFilePath] string here = "")
    {
        var directory = new DirectoryInfo(Path.GetDirectoryName(here)!);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "NfsdCtl.sln")))
            directory = directory.Parent;
        return directory?.FullName ?? throw new InvalidOperationException("the repository's root was not found above " + here);
    }
}
