using System.Globalization;
using NfsdCtl.TestKit;

namespace NfsdCtl.ClientTests.Kernel;

/// <summary>
/// Two guests c1 and c2, real Linux kernels with its NFS client (tests/vm), and two servers beside them on this machine
/// (tests/vm/servers): once for all tests of this namespace. Where the machine cannot run guests, all are skipped with the reason.
/// </summary>
[SetUpFixture]
public sealed class Guests
{
    /// <summary>Seconds of a grace period in these tests.</summary>
    public const int Grace = 10;

    private static readonly string Kit = Path.Combine(Shell.Root, "tests/vm");
    private static readonly Dictionary<string, string> Environment = new()
    {
        // of this process alone: two runs at once do not meet
        ["VMKIT_STATE"] = $"/run/nfs-vm-{System.Environment.ProcessId}",
        ["NFSDCTL"] = Path.Combine(AppContext.BaseDirectory, "nfsdctl"),
        ["NFSDCTL_TRIALS"] = "unused",
        ["NODES_GRACE"] = Grace.ToString(CultureInfo.InvariantCulture),
    };

    // NFSDCTL_ORACLE=knfsd: the same tests against the kernel's own server in a guest s1, to see that they ask for the right thing
    private static readonly bool Oracle = System.Environment.GetEnvironmentVariable("NFSDCTL_ORACLE") == "knfsd";

    private static bool up;

    /// <summary>Skips a test of what only this server has.</summary>
    public static void OursOnly()
    {
        if (Oracle)
            Assert.Ignore("the kernel's server does not do this");
    }

    [OneTimeSetUp]
    public void Boot()
    {
        if (!File.Exists("/dev/net/tun"))
            Assert.Ignore("no /dev/net/tun on this machine: guests need taps");
        var image = Call(TimeSpan.FromMinutes(10), "build-image");
        if (image.Status != 0)
            Assert.Ignore($"no image of the guests, and none can be built (it needs the Debian archive): {image.Errors.Trim()}");
        Call(TimeSpan.FromMinutes(1), "stop");
        up = true;
        Good(Call(TimeSpan.FromMinutes(3), "boot", Oracle ? ["c1", "c2", "s1"] : ["c1", "c2"]));
        if (Oracle)
            StartOracle();
        else
            Host("tests/vm/servers start");
        foreach (var guest in new[] { "c1", "c2" })
            MountAll(guest);
    }

    /// <summary>The filesystems that move and stay, on /mnt/moves and /mnt/stays. noac: what the other guest did is seen at once.</summary>
    public static void MountAll(string guest) =>
        Run(guest, """
            mkdir -p /mnt/moves /mnt/stays
            mount -t nfs -o vers=3,proto=tcp,noac n1:/srv/moves /mnt/moves
            mount -t nfs -o vers=3,proto=tcp,noac n2:/srv/stays /mnt/stays
            """);

    /// <summary>Where a guest's mounts of one version of the protocol are; version 3 is always mounted.</summary>
    public static string MountsOf(string version) => version == "3" ? "/mnt" : "/mnt/" + version;

    /// <summary>Mounts both filesystems on both guests with a version of the protocol: 3, 4.0, 4.1 or 4.2.</summary>
    public static void MountVersion(string version)
    {
        if (version == "3")
            return;
        string at = MountsOf(version);
        foreach (var guest in new[] { "c1", "c2" })
        {
            Run(guest, $"""
                mkdir -p {at}/moves {at}/stays
                mount -t nfs -o vers={version},proto=tcp,noac n1:/srv/moves {at}/moves
                mount -t nfs -o vers={version},proto=tcp,noac n2:/srv/stays {at}/stays
                """);
        }
    }

    public static void UnmountVersion(string version)
    {
        if (version == "3")
            return;
        string at = MountsOf(version);
        foreach (var guest in new[] { "c1", "c2" })
            Run(guest, $"umount {at}/moves; umount {at}/stays");
    }

    [OneTimeTearDown]
    public void Stop()
    {
        if (!up)
            return;
        if (TestContext.CurrentContext.Result.FailCount > 0)
            TestContext.Out.WriteLine(Call(TimeSpan.FromSeconds(10), "run", "host", "tail -n 60 /var/lib/nfs/nodes/*.log"));
        Call(TimeSpan.FromSeconds(30), "run", "host", "tests/vm/servers stop");
        Call(TimeSpan.FromSeconds(30), "stop");
    }

    /// <summary>Runs shell text in a guest; a failing line ends it and fails the test.</summary>
    /// <returns>Its standard output, without the last newline.</returns>
    public static string Run(string guest, string text, int seconds = 60) => Good(Try(guest, text, seconds)).Text;

    /// <summary>The same, where failing is an answer too.</summary>
    public static ShellResult Try(string guest, string text, int seconds = 60) =>
        Call(TimeSpan.FromSeconds(seconds + 10), "run", "-t", $"{seconds}", guest, "set -e\n" + text);

    /// <summary>Runs shell text on this machine, inside the lab and in the root of the repository.</summary>
    public static string Host(string text, int seconds = 60) => Good(Call(TimeSpan.FromSeconds(seconds + 10), "run", "-t", $"{seconds}", "host", $"cd '{Shell.Root}'; {text}")).Text;

    private static void StartOracle() => Run("s1", """
        for d in moves stays; do
            truncate -s 256M /var/$d.img; mke2fs -q -t ext4 /var/$d.img; mkdir -p /srv/$d; mount -o loop /var/$d.img /srv/$d; chmod 1777 /srv/$d
        done
        GRACE=10 knfsd start
        for d in moves stays; do exportfs -o rw,no_subtree_check,no_root_squash,insecure "*:/srv/$d"; done
        for n in 11 12; do ip addr add 10.99.0.$n/24 dev $(cat /run/testif); done
        """);

    /// <summary>Runs shell text on a server node: a or b.</summary>
    public static string Node(string node, string text) => Oracle ? Run("s1", text) : Host($"tests/vm/servers on {node} sh -c '{text}'");

    public static ShellResult Call(TimeSpan limit, string script, params string[] arguments) => Shell.Run(limit, Environment, Path.Combine(Kit, script), arguments);

    /// <summary>Takes a lock in a guest and holds it until <see cref="Drop"/>; fails when it is not granted in a few seconds.</summary>
    public static void Hold(string guest, string file, params string[] steps) => Run(guest, $"""
        rm -f /tmp/hold
        lk {file} {string.Join(' ', steps)} p >/tmp/hold 2>&1 &
        for i in $(seq 100); do grep -q holding /tmp/hold && exit 0; kill -0 $! || break; sleep .1; done
        cat /tmp/hold; exit 1
        """);

    /// <summary>Ends what <see cref="Hold"/> began: the kernel gives the locks back.</summary>
    public static void Drop(string guest) => Run(guest, "pkill lk || true; for i in $(seq 50); do pidof lk >/dev/null || exit 0; sleep .1; done; exit 1");

    /// <summary>The answer to one step of lk, e.g. "ok" or "EAGAIN".</summary>
    public static string Lk(string guest, string file, string step) => string.Join(' ', Try(guest, $"lk {file} {step}").Text.Split('\n')[0].Split(' ')[2..]);

    private static ShellResult Good(ShellResult result)
    {
        Assert.That(result.Status, Is.Zero, result.ToString());
        return result;
    }
}
