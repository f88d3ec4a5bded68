using System.Text.RegularExpressions;
using NfsdCtl.TestKit;

namespace NfsdCtl.SystemTests.Host;

/// <summary>How clients find the ports: by Debian's rpcbind where it runs, and by the server itself where none does. In a network of their own.</summary>
public sealed partial class RpcbindTests
{
    private const string Quiet = "ip link set lo up; mount -n -t tmpfs none /run; mkdir /run/rpcbind; ";

    /// <summary>Ends with the namespace's other processes when the script does.</summary>
    private const string Running = Quiet + "/usr/sbin/rpcbind -f & until rpcinfo -p 127.0.0.1 >/dev/null 2>&1; do sleep 0.05; done; ";

    private static readonly string[] Programs = ["100003 3", "100003 4", "100005 1", "100005 3", "100021 1", "100021 3", "100021 4", "100024 1"];

    private string directory = "";

    [SetUp]
    public void Make()
    {
        if (!File.Exists("/usr/sbin/rpcbind"))
            Assert.Ignore("rpcbind is not installed (package rpcbind)");
        directory = Directory.CreateTempSubdirectory("nfsdctl-rpcbind-").FullName;
    }

    [TearDown]
    public void Remove()
    {
        if (directory.Length > 0)
            Directory.Delete(directory, recursive: true);
    }

    [Test]
    public void A_running_rpcbind_has_every_program_while_the_server_serves([Values("auto", "system")] string mode)
    {
        var (during, after) = Serve(Running, mode);
        Assert.That(during, Is.SupersetOf(Programs.SelectMany(p => new[] { p + " tcp", p + " udp" }).Where(IsServed)));
        Assert.That(after, Is.Not.Empty.And.All.StartsWith("100000 "));
    }

    [Test]
    public void The_server_answers_for_itself_where_no_rpcbind_runs([Values("auto", "builtin")] string mode)
    {
        var (during, after) = Serve(Quiet, mode);
        string[] mapper = ["100000 2 tcp", "100000 3 tcp", "100000 4 tcp", "100000 2 udp", "100000 3 udp", "100000 4 udp"];
        Assert.That(during, Is.SupersetOf(Programs.SelectMany(p => new[] { p + " tcp", p + " udp" }).Where(IsServed).Concat(mapper)));
        Assert.That(after, Is.Empty);
    }

    [Test]
    public void The_server_still_answers_for_itself_when_it_stopped_serving_and_serves_again()
    {
        var (during, _) = Serve(Quiet, "builtin", "echo 0 >ADMIN/threads; echo 8 >ADMIN/threads;");
        Assert.That(during, Is.SupersetOf(Programs.Select(p => p + " tcp")));
    }

    [Test]
    public void A_server_that_needs_rpcbind_says_that_there_is_none()
    {
        var result = Script(Quiet + $"exec {Command("system")}");
        Assert.That(result.Status, Is.EqualTo(1), result.ToString());
        Assert.That(result.Errors, Does.Contain("cannot register with rpcbind").And.Contain("systemctl start rpcbind"));
    }

    /// <summary>NFSv4 is over TCP alone (RFC 8881 §2.9.1).</summary>
    private static bool IsServed(string program) => program != "100003 4 udp";

    /// <summary>"PROGRAM VERSION PROTOCOL" as rpcinfo lists it while the server serves, and after it was told to end.</summary>
    private (List<string> During, List<string> After) Serve(string prepare, string mode, string meanwhile = "")
    {
        var result = Script(prepare
            + $"{Command(mode)} >'{directory}/out' 2>'{directory}/err' & server=$!; "
            + $"until grep -q ^ready '{directory}/out'; do kill -0 $server || {{ cat '{directory}/err' >&2; exit 1; }}; sleep 0.05; done; "
            + $"{meanwhile.Replace("ADMIN", $"'{directory}/admin'", StringComparison.Ordinal)} rpcinfo -p 127.0.0.1; kill $server; wait $server; echo after; rpcinfo -p 127.0.0.1 || true");
        Assert.That(result.Status, Is.Zero, result.ToString());
        string[] parts = result.Output.Split("after\n");
        return (List(parts[0]), List(parts[1]));
    }

    private string Command(string mode) =>
        $"'{Path.Combine(AppContext.BaseDirectory, "nfsdctl")}' serve --exports /dev/null --rpcbind {mode} --host 127.0.0.1 --admin-mount '{directory}/admin' --state-dir '{directory}/state'";

    private static ShellResult Script(string script) =>
        Shell.Run(TimeSpan.FromSeconds(60), null, "unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child=KILL", "sh", "-c", script);

    private static List<string> List(string text) => [.. Row().Matches(text).Select(m => $"{m.Groups[1]} {m.Groups[2]} {m.Groups[3]}")];

    [GeneratedRegex(@"^\s*(\d+)\s+(\d+)\s+(tcp|udp)\s+\d+", RegexOptions.Multiline)]
    private static partial Regex Row();
}
