using System.Diagnostics;
using static NfsdCtl.ClientTests.Kernel.Guests;

namespace NfsdCtl.ClientTests.Kernel;

/// <summary>What the kernel client's own statd and lockd make of a move, and the server of a client's reboot.</summary>
public sealed class FailoverTests
{
    private const string Moves = "/mnt/moves/failover";
    private const string Stays = "/mnt/stays/failover";

    [SetUp]
    public void Settle() => Run("c1", $": >{Moves}; : >{Stays}; lk {Moves} W:90000:1 u:90000:1; lk {Stays} W:90000:1 u:90000:1");

    [TearDown]
    public void DropAll()
    {
        Drop("c1");
        Drop("c2");
    }

    [TestCase("a", "b")]
    [TestCase("b", "a")]
    [Order(1)]
    public void A_moved_lock_is_reclaimed_by_the_client(string from, string to)
    {
        OursOnly();
        Hold("c1", Moves, "w:0:10", "wr:0:before");
        Run("c2", $"lk {Stays} w:0:10 p >/tmp/hold 2>&1 &\nsleep .5");
        var clock = Stopwatch.StartNew();
        Host($"tests/vm/servers move {from} {to}");
        var moved = clock.Elapsed;
        // the new server knows the lock again
        Reclaimed(to);
        TestContext.Out.WriteLine($"moved in {moved.TotalSeconds:F1} s, reclaimed after {clock.Elapsed.TotalSeconds:F1} s");
        Run("c1", "echo after >>/mnt/moves/failover.log", 90);
        // c2 is refused in the grace period and after it; W: would wait
        Run("c2", $"lk {Moves} W:90000:1", 60);
        Assert.That(Lk("c2", Moves, "w:0:10"), Is.EqualTo("EAGAIN"));
        Assert.That(Lk("c1", Stays, "w:0:10"), Is.EqualTo("EAGAIN"), "a lock on the other address and filesystem is held as before");
        Drop("c1");
        Assert.That(Lk("c2", Moves, "w:0:10"), Is.EqualTo("ok"));
    }

    private static void Reclaimed(string node) => Host($$"""
        for i in $(seq 300); do tests/vm/servers on {{node}} grep -q 10.99.0.11 /run/nfsdctl/locks && exit 0; sleep .1; done
        tests/vm/servers on {{node}} cat /run/nfsdctl/locks /run/nfsdctl/grace; exit 1
        """);

    [Test]
    [Order(2)]
    public void A_filesystem_with_locks_is_released_and_unmounted_at_once()
    {
        OursOnly();
        Hold("c1", Stays, "w:0:10");
        Node("a", "echo /srv/stays >/run/nfsdctl/unexport; echo /srv/stays >/run/nfsdctl/unlock_filesystem; umount /srv/stays");
        Node("a", "mount $(cat /var/lib/nfs/nodes/stays) /srv/stays; echo \"/srv/stays *(rw,sync,no_subtree_check,no_root_squash,insecure)\" >/run/nfsdctl/export");
        Drop("c1");
        Assert.That(Run("c1", $"ls {Stays}", 90), Is.EqualTo(Stays), "handles are good after the filesystem came back");
    }

    [Test]
    [Order(3)]
    public void A_client_that_reboots_frees_its_locks()
    {
        Hold("c2", Stays, "w:0:10");
        // the disk of a real client keeps statd's list over the power cut
        var monitored = Run("c2", "cd /var/lib/nfs; tar -c sm state 2>/dev/null | base64 -w 0");
        Call(TimeSpan.FromSeconds(20), "stop", "c2");
        Assert.That(Lk("c1", Stays, "w:0:10"), Is.EqualTo("EAGAIN"), "nobody has said yet that it is gone");
        Call(TimeSpan.FromMinutes(2), "boot", "c2");
        Run("c2", $"cd /var/lib/nfs; echo {monitored} | base64 -d | tar -x; sm-notify -f");
        Run("c1", $"for i in $(seq 50); do lk {Stays} w:0:10 && exit 0; sleep .2; done; exit 1");
        MountAll("c2");
    }
}
