using static NfsdCtl.ClientTests.Kernel.Guests;

namespace NfsdCtl.ClientTests.Kernel;

/// <summary>What a client that mounts the root of NFSv4 finds.</summary>
[TestFixture("4.0")]
[TestFixture("4.1")]
[TestFixture("4.2")]
public sealed class TreeTests(string version)
{
    private const string At = "/mnt/tree";
    // the node that exports nothing otherwise
    private const string Bare = "10.99.0.3";

    [SetUp]
    public void Begin() => OursOnly();

    [TearDown]
    public void Unmount() => Run("c1", $"umount {At} 2>/dev/null || true");

    [Test]
    public void The_root_leads_to_the_exports_which_are_filesystems_of_their_own()
    {
        Mount("c1", "n2:/");
        Assert.That(Run("c1", $"ls {At}; ls {At}/srv"), Is.EqualTo("srv\nmoves\nstays"));
        Run("c1", $"cd {At}/srv/stays; echo through the root >tree.{version}");
        Assert.That(Node("a", $"cat /srv/stays/tree.{version}; rm /srv/stays/tree.{version}"), Is.EqualTo("through the root"));
        Assert.That(Run("c1", $"stat -c %d {At}/srv {At}/srv/stays/. {At}/srv/moves/. | sort -u | wc -l"), Is.EqualTo("3"));
        Assert.That(Try("c1", $"touch {At}/srv/new").Errors, Does.Contain("Read-only").Or.Contain("Permission denied"));
    }

    [Test]
    public void Exports_of_other_clients_are_not_there()
    {
        Node("b", "mkdir -p /srv/mine /srv/yours; echo \"/srv/mine 10.99.0.101(rw,no_subtree_check,insecure,fsid=21)\" >/run/nfsdctl/export; echo \"/srv/yours 10.99.0.102(rw,no_subtree_check,insecure,fsid=21)\" >/run/nfsdctl/export");
        try
        {
            Mount("c1", $"{Bare}:/");
            Assert.That(Run("c1", $"ls {At}/srv"), Is.EqualTo("mine"));
            Assert.That(Try("c1", $"ls {At}/srv/yours").Errors, Does.Contain("No such file"));
        }
        finally
        {
            Run("c1", $"umount {At}");
            Node("b", "echo /srv/mine >/run/nfsdctl/unexport; echo /srv/yours >/run/nfsdctl/unexport");
        }
    }

    [Test]
    public void An_export_with_fsid_0_is_the_root()
    {
        Node("b", """
            mkdir -p /srv/tree; mount -t tmpfs tree /srv/tree; mkdir /srv/tree/sub; mount -t tmpfs sub /srv/tree/sub; echo top >/srv/tree/f; echo below >/srv/tree/sub/f
            echo "/srv/tree *(rw,no_subtree_check,no_root_squash,insecure,fsid=0)" >/run/nfsdctl/export
            echo "/srv/tree/sub *(rw,no_subtree_check,no_root_squash,insecure,fsid=23)" >/run/nfsdctl/export
            """);
        try
        {
            Mount("c1", $"{Bare}:/");
            Assert.That(Run("c1", $"cat {At}/f {At}/sub/f; echo new >{At}/sub/g; umount {At}"), Is.EqualTo("top\nbelow"));
            Mount("c1", $"{Bare}:/sub");
            Assert.That(Run("c1", $"cat {At}/g; lk {At}/g w:0:5 | cut -d' ' -f3"), Is.EqualTo("new\nok"));
        }
        finally
        {
            Run("c1", $"umount {At}");
            Node("b", "for d in /srv/tree/sub /srv/tree; do echo $d >/run/nfsdctl/unexport; echo $d >/run/nfsdctl/unlock_filesystem; umount $d; done");
        }
    }

    private void Mount(string guest, string what) => Run(guest, $"mkdir -p {At}; mount -t nfs -o vers={version},proto=tcp,noac {what} {At}");
}
