using static NfsdCtl.ClientTests.Kernel.Guests;

namespace NfsdCtl.ClientTests.Kernel;

/// <summary>What clients of NFSv4 make of state that an administrator took from them.</summary>
public sealed class ReleaseTests
{
    private static readonly string[] Versions = AllVersions.Newer;

    [OneTimeSetUp]
    public void Mount()
    {
        OursOnly();
        AllVersions.Mount();
        // out of any grace period
        foreach (string of in new[] { "moves", "stays" })
            Run("c1", $"lk {AllVersions.File("3", of)} W:90000:1 u:90000:1");
    }

    [OneTimeTearDown]
    public void Unmount() => AllVersions.Unmount();

    [TearDown]
    public void DropAll() => Drop("c1");

    [Test]
    public void Unlock_ip_takes_what_came_in_through_that_address_only()
    {
        AllVersions.HoldAll(Versions, "moves", "stays");
        Node("a", "echo 10.99.0.11 >/run/nfsdctl/unlock_ip");
        Assert.That(Node("a", "cat /run/nfsdctl/last/unlock_ip"), Does.Contain("locks=3").And.Contain("opens=3").And.Contain("clients=3"));
        Assert.That(AllVersions.Asked(Versions, "moves"), Is.All.EqualTo("ok"));
        Assert.That(AllVersions.Asked(Versions, "stays"), Is.All.EqualTo("EAGAIN"));
        AllVersions.Go(Versions.Length * 2);
        Assert.Multiple(() =>
        {
            foreach (string version in Versions)
            {
                Assert.That(AllVersions.Written(version, "moves"), Does.StartWith("EIO"), $"{version}: the lock is lost, and its holder is told");
                Assert.That(AllVersions.Written(version, "stays"), Is.EqualTo("ok ok"), $"{version}: another address");
            }
        });
        Drop("c1");
        GoesOn("moves");
    }

    [Test]
    public void Unlock_filesystem_takes_all_of_a_filesystem_which_is_unmounted_then()
    {
        AllVersions.HoldAll(Versions, "moves", "stays");
        Node("a", "echo /srv/stays >/run/nfsdctl/unexport; echo /srv/stays >/run/nfsdctl/unlock_filesystem; umount /srv/stays");
        Assert.That(Node("a", "cat /run/nfsdctl/last/unlock_filesystem"), Does.Contain("locks=3").And.Contain("opens=3"));
        Node("a", "mount $(cat /var/lib/nfs/nodes/stays) /srv/stays; echo \"/srv/stays *(rw,sync,no_subtree_check,no_root_squash,insecure)\" >/run/nfsdctl/export");
        Assert.That(AllVersions.Asked(Versions, "stays"), Is.All.EqualTo("ok"));
        Assert.That(AllVersions.Asked(Versions, "moves"), Is.All.EqualTo("EAGAIN"));
        AllVersions.Go(Versions.Length * 2);
        Assert.Multiple(() =>
        {
            foreach (string version in Versions)
            {
                Assert.That(AllVersions.Written(version, "stays"), Does.StartWith("EIO"), $"{version}: the lock is lost, and its holder is told");
                Assert.That(AllVersions.Written(version, "moves"), Is.EqualTo("ok ok"), $"{version}: another filesystem");
            }
        });
        Drop("c1");
        GoesOn("stays");
    }

    /// <summary>The same mounts can open and lock again.</summary>
    private static void GoesOn(string of)
    {
        foreach (string version in Versions)
            Assert.That(Run("c1", $"lk {AllVersions.File(version, of)} {AllVersions.Bytes(version)} wr:0:again rd:0:5", 30), Does.Contain("again"), version);
    }
}
