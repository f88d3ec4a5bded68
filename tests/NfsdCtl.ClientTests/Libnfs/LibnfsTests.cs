using System.Security.Cryptography;
using NfsdCtl.TestKit;

namespace NfsdCtl.ClientTests.Libnfs;

/// <summary>The tools of libnfs, a client of its own making, against a server on the loopback.</summary>
public sealed class LibnfsTests
{
    private LoopbackServer server = null!;

    [OneTimeSetUp]
    public void Start()
    {
        if (!File.Exists("/usr/bin/nfs-ls"))
            Assert.Ignore("libnfs's tools are not installed (Debian package libnfs-utils)");
        server = LoopbackServer.Start();
    }

    [OneTimeTearDown]
    public void Stop() => server?.Dispose();

    private string Url(string name) => $"nfs://127.0.0.1{server.Export}/{name}?nfsport={server.NfsPort}&mountport={server.MountPort}";

    private static ShellResult Tool(string name, params string[] arguments) => Shell.Run(TimeSpan.FromSeconds(30), null, name, arguments);

    [Test]
    public void Lists_a_directory()
    {
        Directory.CreateDirectory(Path.Combine(server.Export, "listed"));
        for (var i = 0; i < 1200; i++)
            File.WriteAllText(Path.Combine(server.Export, "listed", $"file-{i}"), new string('x', i));
        var listing = Tool("nfs-ls", Url("listed"));
        Assert.That(listing.Status, Is.Zero, listing.ToString());
        var names = listing.Text.Split('\n').Select(l => l.Split(' ')[^1]).ToList();
        Assert.That(names, Is.EquivalentTo(Enumerable.Range(0, 1200).Select(i => $"file-{i}")));
        Assert.That(listing.Text.Split('\n').Single(l => l.EndsWith(" file-1199", StringComparison.Ordinal)), Does.Contain(" 1199 "));
    }

    [Test]
    public void Reads_a_file()
    {
        File.WriteAllText(Path.Combine(server.Export, "text"), "what the server holds\n");
        Assert.That(Tool("nfs-cat", Url("text")).Output, Is.EqualTo("what the server holds\n"));
    }

    [Test]
    public void Copies_in_and_out()
    {
        var local = Path.Combine(server.Directory, "local");
        var back = Path.Combine(server.Directory, "back");
        var data = RandomNumberGenerator.GetBytes(20_000_001);
        File.WriteAllBytes(local, data);
        var put = Tool("nfs-cp", local, Url("copied"));
        Assert.That(put.Status, Is.Zero, put.ToString());
        Assert.That(File.ReadAllBytes(Path.Combine(server.Export, "copied")), Is.EqualTo(data));
        var got = Tool("nfs-cp", Url("copied"), back);
        Assert.That(got.Status, Is.Zero, got.ToString());
        Assert.That(File.ReadAllBytes(back), Is.EqualTo(data));
    }

    [Test]
    public void A_missing_file_is_an_error() => Assert.That(Tool("nfs-cat", Url("no-such-file")).Status, Is.Not.Zero);

    [Test]
    public void A_directory_that_is_not_exported_is_refused() =>
        Assert.That(Tool("nfs-ls", $"nfs://127.0.0.1/etc?nfsport={server.NfsPort}&mountport={server.MountPort}").Status, Is.Not.Zero);
}
