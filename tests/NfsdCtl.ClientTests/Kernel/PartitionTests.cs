using static NfsdCtl.ClientTests.Kernel.Guests;

namespace NfsdCtl.ClientTests.Kernel;

/// <summary>A client that is cut off: its locks go to who wants them, and it does not get them back by a restart of the server (RFC 8881 §8.4.3).</summary>
public sealed class PartitionTests
{
    private static readonly string[] Versions = AllVersions.Newer;

    [OneTimeSetUp]
    public void Mount()
    {
        OursOnly();
        AllVersions.Mount();
    }

    [OneTimeTearDown]
    public void Unmount()
    {
        Link("up");
        AllVersions.Unmount();
    }

    [Test]
    public void A_lock_that_went_to_another_is_not_reclaimed()
    {
        AllVersions.HoldAll(Versions, "moves");
        Link("down");
        // all wait at a time, until the lease is over
        string waiters = string.Join('\n', Versions.Select(v => $"lk {AllVersions.File(v, "moves")} {AllVersions.Bytes(v).Replace("w:", "W:", StringComparison.Ordinal)} >/tmp/wait-{v} 2>&1 &"));
        Run("c2", $"{waiters}\nwait; grep -c ' W:.* ok' /tmp/wait-* | cut -d: -f2 | xargs | grep -x '1 1 1'", 60);
        // nobody holds them now, but c1 has lost them all the same
        Host("tests/vm/servers restart a");
        Link("up");
        AllVersions.Go(Versions.Length);
        Assert.Multiple(() =>
        {
            foreach (string version in Versions)
                Assert.That(AllVersions.Written(version, "moves"), Does.StartWith("EIO"), version);
        });
        Drop("c1");
        Assert.That(Run("c1", $"lk {AllVersions.File("4.2", "moves")} W:0:40 wr:0:again", 60), Does.Contain("wr:0:again ok"), "it goes on");
    }

    private static void Link(string state) => Run("c1", $"ip link set $(cat /run/testif) {state}");
}
