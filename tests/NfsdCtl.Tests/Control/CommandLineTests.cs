using System.Text.Json.Nodes;
using NfsdCtl.Commands;

namespace NfsdCtl.Tests.Control;

/// <summary>The command line up to the files: what is parsed, how reports are shown, how a missing server is told.</summary>
public sealed class CommandLineTests
{
    private string directory = "";

    [SetUp]
    public void MakeDirectory() => directory = Directory.CreateTempSubdirectory("nfsdctl-cli-").FullName;

    [TearDown]
    public void RemoveDirectory() => Directory.Delete(directory, recursive: true);

    private static (int Code, string Output, string Errors, ServeOptions? Served) Run(params string[] arguments)
    {
        ServeOptions? served = null;
        using var output = new StringWriter();
        using var errors = new StringWriter();
        int code = CommandLine.Run(arguments, o => { served = o; return 42; }, o => { served = o; return 43; }, output, errors);
        return (code, output.ToString(), errors.ToString(), served);
    }

    private string Show(string file, string text, params string[] more)
    {
        File.WriteAllText(Path.Combine(directory, file), text);
        var (code, output, errors, _) = Run([file, "--admin-mount", directory, .. more]);
        Assert.That(code, Is.Zero, errors);
        return output;
    }

    [Test]
    public void Serve_hands_over_exactly_what_was_said()
    {
        var (code, _, _, served) = Run(
            "serve", "--config", "/c", "--exports", "e", "--host", "10.0.0.1,::1", "--port", "1", "--mountd-port", "2", "--lockd-port", "3", "--statd-port", "4",
            "--admin-mount", "/a", "--state-dir", "/s", "--grace", "10", "--lease", "20", "--rpcbind", "off");
        Assert.That(code, Is.EqualTo(42));
        Assert.That(served!.ConfigFile, Is.EqualTo("/c"));
        Assert.That(served.Overrides, Is.EquivalentTo(new Dictionary<string, string>
        {
            ["nfsdctl:exports"] = Path.GetFullPath("e"),
            ["nfsd:host"] = "10.0.0.1,::1",
            ["nfsd:port"] = "1",
            ["mountd:port"] = "2",
            ["lockd:port"] = "3",
            ["statd:port"] = "4",
            ["nfsdctl:admin-mount"] = "/a",
            ["nfsdctl:state-dir"] = "/s",
            ["nfsd:grace-time"] = "10",
            ["nfsd:lease-time"] = "20",
            ["nfsdctl:rpcbind"] = "off",
        }));
    }

    [Test]
    public void Nothing_said_overrides_nothing()
    {
        var (code, _, _, served) = Run("config");
        Assert.That(code, Is.EqualTo(43));
        Assert.That(served, Is.EqualTo(new ServeOptions(null, served!.Overrides)));
        Assert.That(served.Overrides, Is.Empty);
    }

    [TestCase("serve", "--bogus")]
    [TestCase("bogus")]
    [TestCase("unlock-ip")]
    [TestCase("unlock-ip", "10.0.0.1", "10.0.0.2")]
    [TestCase("locks", "extra")]
    public void What_is_not_understood_is_exit_code_2(params string[] arguments)
    {
        var (code, _, errors, served) = Run(arguments);
        Assert.That(code, Is.EqualTo(2));
        Assert.That(errors, Is.Not.Empty);
        Assert.That(served, Is.Null);
    }

    [Test]
    public void Every_command_has_help()
    {
        string help = Run("--help").Output;
        foreach (string name in new[] { "serve", "config", "status", "unlock-ip", "unlock-filesystem", "unlock-export", "resume-ip", "end-grace", "grace", "locks", "waiters", "hosts", "clients", "scopes", "exports", "export", "unexport", "filehandle", "threads" })
        {
            Assert.That(help, Does.Contain(name));
            Assert.That(Run(name, "--help").Code, Is.Zero);
        }
    }

    [TestCase("locks")]
    [TestCase("unlock-ip", "10.0.0.1")]
    [TestCase("clients")]
    [TestCase("status")]
    public void A_missing_server_is_named(params string[] arguments)
    {
        var (code, output, errors, _) = Run([.. arguments, "--admin-mount", directory]);
        Assert.That(code, Is.EqualTo(3));
        Assert.That(output, Is.Empty);
        Assert.That(errors, Does.StartWith($"nfsdctl {arguments[0]}: no server is running on {directory}"));
    }

    [Test]
    public void Reports_are_lines_with_tabs_in_a_pipe_and_an_array_in_JSON()
    {
        const string Text = "- {\"path\":\"/a\\nb\",\"file\":\"x\",\"first\":0,\"last\":\"eof\",\"kind\":\"write\",\"owner\":\"svid=1\",\"client\":\"c\",\"protocol\":\"nlm\",\"server\":\"10.0.0.1\",\"age\":3}\n- {\"path\":null,\"file\":\"y\",\"first\":1,\"last\":2}\n";
        Assert.That(Show("locks", Text), Is.EqualTo(
            "File\tBytes\tKind\tClient\tOwner\tProtocol\tServer\tAge\n/a\\nb\t0-eof\twrite\tc\tsvid=1\tnlm\t10.0.0.1\t3\ny\t1-2\t\t\t\t\t\t\n"));
        var json = JsonNode.Parse(Show("locks", Text, "--json"))!.AsArray();
        Assert.That(json, Has.Count.EqualTo(2));
        Assert.That(json[0]!["path"]!.GetValue<string>(), Is.EqualTo("/a\nb"));
        Assert.That(JsonNode.Parse(Show("locks", "", "--json"))!.AsArray(), Is.Empty);
    }

    [Test]
    public void Who_blocks_whom_is_one_line() => Assert.That(
        Show("waiters", "- {\"path\":\"/a\",\"first\":0,\"last\":9,\"kind\":\"write\",\"owner\":\"svid=2\",\"client\":\"c2\",\"server\":\"10.0.0.1\",\"age\":3,\"blockers\":[{\"path\":\"/a\",\"first\":5,\"last\":\"eof\",\"kind\":\"read\",\"owner\":\"svid=1\",\"client\":\"c1\",\"server\":\"10.0.0.2\"}]}\n"),
        Does.EndWith("/a\t0-9\twrite\tc2\tsvid=2\t10.0.0.1\t3\tc1 svid=1 read 5-eof via 10.0.0.2\n"));

    [Test]
    public void Exports_are_taken_apart()
    {
        const string Text = "# Version 1.1\n# Path Client(Flags) # IPs\n/exp/f\\040s\t10.0.0.0/8(rw,insecure)\n";
        Assert.That(Show("exports", Text), Is.EqualTo("Path\tClient\tOptions\n/exp/f s\t10.0.0.0/8\trw,insecure\n"));
        Assert.That(JsonNode.Parse(Show("exports", Text, "--json"))![0]!["path"]!.GetValue<string>(), Is.EqualTo("/exp/f s"));
    }

    [Test]
    public void Status_is_keys_and_values()
    {
        const string Text = "version: \"0.1.0\"\nserving: true\naddresses: [\"10.0.0.1\", \"10.0.0.2\"]\n";
        Assert.That(Show("status", Text), Is.EqualTo("version\t0.1.0\nserving\ttrue\naddresses\t10.0.0.1, 10.0.0.2\n"));
        Assert.That(JsonNode.Parse(Show("status", Text, "--json"))!["serving"]!.GetValue<bool>());
    }

    [Test]
    public void Answers_become_records()
    {
        var records = RecordText.ParseAnswer("released address=10.0.0.1 locks=3 ms=1.5\n");
        Assert.That(records.Single().ToJsonString(), Is.EqualTo("{\"result\":\"released\",\"address\":\"10.0.0.1\",\"locks\":3,\"ms\":1.5}"));
    }
}
