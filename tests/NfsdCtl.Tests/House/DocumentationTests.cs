using NfsdCtl.AdminFs;
using NfsdCtl.Configuration;
using NfsdCtl.TestKit;
using NfsdCtl.TestKit.Control;

namespace NfsdCtl.Tests.House;

/// <summary>The pages for administrators name all that there is, with the defaults in force.</summary>
public sealed class DocumentationTests
{
    private static string Page(string name) => File.ReadAllText(Path.Combine(Shell.Root, "src", "docs", name));

    [Test]
    public void Every_setting_is_in_the_table_of_settings_with_its_default()
    {
        var rows = Page("operations.md").Split('\n').Select(line => line.Split('|', StringSplitOptions.TrimEntries)).Where(cells => cells.Length == 6 && cells[1].StartsWith('`'))
            .Select(cells => $"[{cells[1].Trim('`')}] {cells[2].Trim('`')} = {cells[4].Trim('`')}");
        var defaults = new ServerSettings();
        Assert.That(rows, Is.EqualTo(SettingTable.All.Select(d => $"[{d.Section}] {d.Key} = {d.Show(defaults)}")));
    }

    [Test]
    public void Every_admin_file_is_in_the_page_of_admin_files()
    {
        string page = Page("admin-files.md");
        var tree = new AdminTree(new AdminHost(new FakeServerControl(), TimeProvider.System, _ => { }));
        var files = tree.Listing().Select(f => f.Path.Split('/')[^1]).Concat(["clients/N/info", "clients/N/states", "clients/N/ctl", "last/ctl"]).Except(["ctl"]);
        Assert.That(files.Where(file => !page.Contains($"`{file}`", StringComparison.Ordinal)), Is.Empty);
    }

    [Test]
    public void Every_page_is_in_the_list_of_the_readme()
    {
        string readme = File.ReadAllText(Path.Combine(Shell.Root, "README.md"));
        var pages = Directory.EnumerateFiles(Path.Combine(Shell.Root, "src", "docs"), "*.md").Select(Path.GetFileName);
        Assert.That(pages.Where(page => !readme.Contains($"`src/docs/{page}`", StringComparison.Ordinal)), Is.Empty);
    }
}
