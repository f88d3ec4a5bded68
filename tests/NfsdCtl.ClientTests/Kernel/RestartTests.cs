using System.Diagnostics;
using static NfsdCtl.ClientTests.Kernel.Guests;

namespace NfsdCtl.ClientTests.Kernel;

/// <summary>
/// kill -9 of the server, with locks of clients of every version. First of all: in other tests the server takes locks from clients and gives them to
/// others, and a client of NFSv3 or NFSv4.0 may not reclaim after that until a grace period has passed.
/// </summary>
[Order(1)]
public sealed class RestartTests
{
    /// <summary>
    /// Seconds: longer than the lease of 10. A client that does nothing looks at its server when two thirds of its lease are over, but no sooner than
    /// 5 s after it last looked (nfs4_schedule_state_renewal), and tries again 3 s after it finds nobody there.
    /// </summary>
    private const int Longer = 15;

    [OneTimeSetUp]
    public void Mount()
    {
        OursOnly();
        AllVersions.Mount();
    }

    [OneTimeTearDown]
    public void Unmount() => AllVersions.Unmount();

    [TearDown]
    public void DropAll() => Drop("c1");

    private static void Restart() => Host($"NODES_GRACE={Longer} tests/vm/servers restart a");

    [TestCase(1)]
    [TestCase(2, Description = "The second time while clients reclaim")]
    public void Locks_outlive_the_server_for_clients_of_every_version(int kills)
    {
        AllVersions.HoldAll(AllVersions.All, "moves", "stays");
        Restart();
        for (int i = 1; i < kills; i++)
        {
            Host("sleep 3");
            Restart();
        }

        var clock = Stopwatch.StartNew();
        // a new lock has to wait, and not for longer than the grace period; with NFSv3 the client asks again every 5 s, with NFSv4 after growing pauses
        Run("c2", $"lk {AllVersions.File("3", "moves")} W:90000:1", Longer * 2 + 30);
        Assert.That(clock.Elapsed, Is.LessThan(TimeSpan.FromSeconds(Longer + 10)));
        Assert.Multiple(() =>
        {
            foreach (string of in new[] { "moves", "stays" })
                Assert.That(AllVersions.Asked(AllVersions.All, of), Is.All.EqualTo("EAGAIN"), of);
        });
        var python = "import fcntl,sys; f=open(sys.argv[1],\\\"r+\\\"); [fcntl.lockf(f,fcntl.LOCK_EX|fcntl.LOCK_NB,10,int(at)) for at in sys.argv[2:]]";
        foreach (int at in Enumerable.Range(0, AllVersions.All.Length))
            Assert.That(Node("a", $"python3 -c \"{python}\" /srv/moves/versions {at * 10} 2>&1 | tail -n 1"), Does.Contain("BlockingIOError"), "a local program");
        AllVersions.Go(AllVersions.All.Length * 2);
        foreach (string version in AllVersions.All)
            Assert.That(AllVersions.Written(version, "moves"), Is.EqualTo("ok ok"), version);
        Drop("c1");
        Assert.That(AllVersions.Asked(AllVersions.All, "moves"), Is.All.EqualTo("ok"));
    }
}
