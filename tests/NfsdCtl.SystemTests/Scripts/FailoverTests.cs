using NfsdCtl.TestKit;

namespace NfsdCtl.SystemTests.Scripts;

/// <summary>A move from one server to another by the scripts that an administrator uses.</summary>
public sealed class FailoverTests
{
    private string directory = "";

    [SetUp]
    public void MakeDirectory() => directory = Directory.CreateTempSubdirectory("nfsdctl-failover-").FullName;

    [TearDown]
    public void RemoveDirectory() => Directory.Delete(directory, recursive: true);

    [Test]
    public void The_demonstration_loses_and_doubles_no_lock()
    {
        var found = Script.Judge(240, "demo-failover", "--clients", "4", "--locks", "10");
        Assert.That(found["clients with NFSv3 / NFSv4.1"], Is.EqualTo("2 / 2"));
        Assert.That(found["locks reclaimed"], Is.EqualTo("40"));
        Assert.That(found["NFSv3 clients notified"], Is.EqualTo("2"));
    }

    [Test]
    public void A_dry_run_says_the_steps_in_their_order()
    {
        var steps = Script.Run(20, "failover/take-over", "-n", "-i", "lo", "-s", "/dev/none", "-g", "30", "10.9.9.9", "/no such place").Text.Split('\n').Select(l => l.Split(' ')[1]).ToList();
        Assert.That(steps.Take(4), Is.EqualTo(["mount", "echo", "echo", "ip"]));
        var text = Script.Run(20, "failover/take-over", "-n", "-i", "lo", "-g", "30", "fd00::9", "/no such place").Text;
        Assert.That(text, Does.Contain(@"echo 'fd00::9 /no\040such\040place 30'").And.Contain("ip addr replace fd00::9/64 dev lo\n"));
    }

    [Test]
    public void A_path_is_the_same_with_a_slash_behind_it()
    {
        string admin = FakeAdmin("/proc");
        string release = Script.Run(20, "failover/release", "-n", "-a", admin, "10.254.253.252", "/proc//").Text;
        Assert.That(release, Does.Contain("echo '/proc' > ").And.Contain("/unexport\n").And.Contain("umount -- /proc\n"));
        string over = Script.Run(20, "failover/take-over", "-n", "-a", admin, "-i", "lo", "127.0.0.1", "/proc/").Text;
        Assert.That(over, Does.Contain("served here already"));
    }

    [TestCase("127.0.0.1")]
    [TestCase("10.254.253.252")]
    public void What_is_exported_already_is_exported_again_as_it_is_for_the_disk_may_have_come_since(string address)
    {
        string text = Script.Run(20, "failover/take-over", "-n", "-a", FakeAdmin("/proc"), "-i", "lo", address, "/proc").Text;
        Assert.That(text, Does.Contain($"+ echo '/proc' > {directory}/export\n"));
    }

    [Test]
    public void A_name_that_means_something_in_an_exports_line_is_escaped_there()
    {
        string text = Script.Run(20, "failover/take-over", "-n", "-i", "lo", "10.9.9.9", "/a \"b\" #c").Text;
        Assert.That(text, Does.Contain(@"echo '10.9.9.9 /a\040""b""\040#c'").And.Contain(@"echo '/a\040\042b\042\040\043c *("));
    }

    [Test]
    public void The_other_addresses_of_a_subnet_stay_when_the_first_goes()
    {
        var result = InNamespace(
            "ip link add v0 type veth peer name v1; ip link set v0 up; ip addr add 10.1.1.2/24 dev v0; ip addr add 10.1.1.3/24 dev v0; ip addr add 10.1.1.4/24 dev v0",
            "\"$1/release\" -a /no/such/mount 10.1.1.2 /no/such/path",
            "ip -o addr show dev v0; cat /proc/sys/net/ipv4/conf/v0/promote_secondaries");
        Assert.That(result.Text, Does.Contain("10.1.1.3/24").And.Contain("10.1.1.4/24").And.Not.Contain("inet 10.1.1.2/").And.EndsWith("0"));
    }

    [Test]
    public void The_neighbours_are_told_of_an_IPv6_address_at_once()
    {
        string admin = FakeAdmin("/elsewhere");
        var result = InNamespace(
            "ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up; before=$(awk '/OutNeighborAdv/ {print $2}' /proc/net/snmp6)",
            $"\"$1/take-over\" -a {admin} -i v0 fd00::2 /proc",
            "echo told $(($(awk '/OutNeighborAdv/ {print $2}' /proc/net/snmp6) - before)); cat /proc/sys/net/ipv6/conf/v0/accept_dad");
        Assert.That(result.Text, Does.Contain("told 1").And.EndsWith("1"));
    }

    /// <summary>Makes a directory look like an admin filesystem to the scripts; it keeps their orders.</summary>
    private string FakeAdmin(string exported)
    {
        File.WriteAllText(Path.Combine(directory, "unlock_ip"), "");
        File.WriteAllText(Path.Combine(directory, "exports"), $"{exported}\t*(rw)\n");
        return directory;
    }

    /// <summary>Runs lines of sh in a network namespace of their own; $1 is where the failover scripts are.</summary>
    private static ShellResult InNamespace(params string[] lines)
    {
        var result = Shell.Run(TimeSpan.FromSeconds(30), null, "unshare", "-n", "sh", "-euc", string.Join('\n', lines), "sh", Path.Combine(Shell.Root, "scripts", "failover"));
        Assert.That(result.Status, Is.Zero, result.ToString());
        return result;
    }

    [TestCase("release", "10.1.1.1")]
    [TestCase("release", "localhost", "/srv")]
    [TestCase("release", "10.1.1.1/24", "/srv")]
    [TestCase("release", "10.1.1.1", "srv")]
    [TestCase("take-over", "-a", "/no/such/mount", "-i", "lo", "10.1.1.1", "/no/such/path")]
    public void A_mistake_is_named_and_changes_nothing(string script, params string[] arguments)
    {
        var result = Script.Run(20, $"failover/{script}", arguments);
        Assert.That(result.Status, Is.EqualTo(1), result.ToString());
        Assert.That(result.Errors, Does.StartWith($"{script}: ").And.Match(@"\A[^\n]+\n\z"));
    }

    [Test]
    public void Releasing_what_is_not_here_succeeds() =>
        Assert.That(Script.Run(20, "failover/release", "-a", "/no/such/mount", "10.254.253.252", "/no/such/path").Status, Is.Zero);
}
