using System.Diagnostics;
using static NfsdCtl.ClientTests.Kernel.Guests;

namespace NfsdCtl.ClientTests.Kernel;

/// <summary>fcntl locks of two kernel clients.</summary>
[TestFixture("3")]
[TestFixture("4.0")]
[TestFixture("4.1")]
[TestFixture("4.2")]
public sealed class LockTests(string version)
{
    private string Moves => MountsOf(version) + "/moves/locked";

    private string Stays => MountsOf(version) + "/stays/locked";

    [OneTimeSetUp]
    public void Mount() => MountVersion(version);

    [OneTimeTearDown]
    public void Unmount() => UnmountVersion(version);

    [SetUp]
    public void Settle()
    {
        Run("c1", $": >{Moves}; : >{Stays}");
        AfterGrace("c1", Moves);
        AfterGrace("c1", Stays);
    }

    [TearDown]
    public void DropAll()
    {
        Drop("c1");
        Drop("c2");
    }

    /// <summary>The client waits out a grace period by itself, in steps.</summary>
    private static void AfterGrace(string guest, string file) => Run(guest, $"lk {file} W:90000:1 u:90000:1");

    [Test]
    public void A_conflict_is_refused_and_its_holder_known()
    {
        Hold("c1", Moves, "w:0:10");
        Assert.That(Lk("c2", Moves, "w:5:10"), Is.EqualTo("EAGAIN"));
        Assert.That(Lk("c2", Moves, "t:5:10"), Does.StartWith("ok held write 0 10"));
        Assert.That(Lk("c2", Moves, "w:10:10"), Is.EqualTo("ok"));
        Drop("c1");
        Assert.That(Lk("c2", Moves, "w:5:10"), Is.EqualTo("ok"));
    }

    [Test]
    public void Readers_share_and_an_upgrade_waits_for_the_other()
    {
        Hold("c1", Moves, "r:0:10");
        Assert.That(Lk("c2", Moves, "r:0:10"), Is.EqualTo("ok"));
        Assert.That(Run("c2", $"lk {Moves} r:0:10 w:0:10 || true"), Does.Contain("w:0:10 EAGAIN"));
        Drop("c1");
        Assert.That(Run("c2", $"lk {Moves} r:0:10 w:0:10"), Does.Contain("w:0:10 ok"));
    }

    [Test]
    public void A_downgrade_lets_readers_in()
    {
        Hold("c1", Moves, "w:0:10", "r:0:10");
        Assert.That(Lk("c2", Moves, "r:0:10"), Is.EqualTo("ok"));
        Assert.That(Lk("c2", Moves, "w:0:10"), Is.EqualTo("EAGAIN"));
    }

    [Test]
    public void Unlocking_the_middle_splits()
    {
        Hold("c1", Moves, "w:0:30", "u:10:10");
        Assert.That(Lk("c2", Moves, "w:10:10"), Is.EqualTo("ok"));
        Assert.That(Lk("c2", Moves, "w:9:1"), Is.EqualTo("EAGAIN"));
        Assert.That(Lk("c2", Moves, "w:20:0"), Is.EqualTo("EAGAIN"));
        Assert.That(Lk("c2", Moves, "w:30:0"), Is.EqualTo("ok"));
    }

    [Test]
    public void Offsets_beyond_32_bits()
    {
        Hold("c1", Moves, "w:0x100000000:10");
        Assert.That(Lk("c2", Moves, "w:0:10"), Is.EqualTo("ok"));
        Assert.That(Lk("c2", Moves, "w:0x100000005:1"), Is.EqualTo("EAGAIN"));
    }

    [Test]
    public void A_waiter_is_granted_soon()
    {
        Hold("c1", Moves, "w:0:10");
        Run("c2", $"lk {Moves} W:0:10 p >/tmp/hold 2>&1 &\nsleep 1; ! grep -q ok /tmp/hold");
        var clock = Stopwatch.StartNew();
        Drop("c1");
        // Without the call-back of version 3 the client would ask again 30 s after its first try; that of 4.0 asks after 1, 2, 4, 8 s.
        Run("c2", $"for i in $(seq {(version == "3" ? 100 : 250)}); do grep -q holding /tmp/hold && exit 0; sleep .1; done; exit 1");
        Assert.That(clock.Elapsed, Is.LessThan(TimeSpan.FromSeconds(version == "3" ? 15 : 30)));
        Assert.That(Lk("c1", Moves, "w:0:10"), Is.EqualTo("EAGAIN"));
    }

    [Test]
    public void Local_programs_of_the_server_and_clients_respect_each_other()
    {
        OursOnly();
        var python = "import fcntl,sys; f=open(sys.argv[1],\\\"r+\\\"); fcntl.lockf(f,fcntl.LOCK_EX|fcntl.LOCK_NB,10,0)";
        Hold("c1", Stays, "w:0:10");
        Assert.That(Node("a", $"python3 -c \"{python}\" /srv/stays/locked 2>&1 | tail -n 1"), Does.Contain("BlockingIOError"));
        Drop("c1");
        Node("a", $"python3 -c \"{python}; print(1, flush=True); import time; time.sleep(4)\" /srv/stays/locked >/run/local 2>&1 & for i in 1 2 3 4 5 6 7 8 9 10; do grep -q 1 /run/local && break; sleep .2; done");
        Assert.That(Lk("c1", Stays, "w:0:10"), Is.EqualTo("EAGAIN"));
        // and a client that waits for the local program gets the lock when it ends
        Assert.That(Run("c1", $"timeout 25 lk {Stays} W:0:10"), Does.Contain("W:0:10 ok"));
    }

    [Test]
    public void Unlock_ip_frees_the_locks_of_that_address_only()
    {
        OursOnly();
        Hold("c1", Moves, "w:0:10");
        Run("c1", $"lk {Stays} w:0:10 p >/tmp/hold2 2>&1 &\nfor i in $(seq 50); do grep -q holding /tmp/hold2 && exit 0; sleep .1; done; exit 1");
        Node("a", "echo 10.99.0.11 >/run/nfsdctl/unlock_ip");
        Assert.That(Node("a", "cat /run/nfsdctl/last/unlock_ip"), Does.Contain("address=10.99.0.11").And.Contain("locks=1"));
        Assert.That(Lk("c2", Moves, "w:0:10"), Is.EqualTo("ok"));
        Assert.That(Lk("c2", Stays, "w:0:10"), Is.EqualTo("EAGAIN"));
    }

    [Test]
    public void Unlock_ip_of_a_client_address_is_an_error()
    {
        OursOnly();
        Hold("c1", Moves, "w:0:10");
        Assert.That(Node("a", "echo 10.99.0.101 2>&1 >/run/nfsdctl/unlock_ip || echo refused"), Does.Contain("refused"));
        Assert.That(Lk("c2", Moves, "w:0:10"), Is.EqualTo("EAGAIN"));
    }
}
