using NfsdCtl.TestKit;

namespace NfsdCtl.SystemTests.Scripts;

/// <summary>A move from one server to another by the scripts that an administrator uses.</summary>
public sealed class FailoverTests
{
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
        Assert.That(text, Does.Contain(@"echo 'fd00::9 /no\040such\040place 30'").And.Contain("ip addr replace fd00::9/64 dev lo nodad"));
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
