using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using NfsdCtl.AdminFs;
using NfsdCtl.Commands;
using NfsdCtl.Configuration;
using NfsdCtl.TestKit.Control;

namespace NfsdCtl.Tests.Control;

/// <summary>The command line up to the files: what is parsed, how reports are shown, how a missing server is told.</summary>
public sealed class CommandLineTests
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

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
        string path = Path.Combine(directory, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        string[] command = file.StartsWith("clients/", StringComparison.Ordinal) ? ["client", .. file.Split('/')[1..]] : file.Replace('_', '-').Split('/');
        var (code, output, errors, _) = Run([.. command, "--admin-mount", directory, .. more]);
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
        Assert.That(served.Overrides.ToDictionary(o => o.Path, o => o.Value), Is.EquivalentTo(new Dictionary<string, string>
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
    public void Any_setting_can_be_given()
    {
        var (code, _, errors, served) = Run("serve", "--set", "nfsd.max-slots=8", "--set", "NFSD.vers4.0=n", "--port", "1", "--set", "statd.name=a=b");
        Assert.That(code, Is.EqualTo(42), errors);
        Assert.That(served!.Overrides, Is.EqualTo(new SettingOverride[]
        {
            new("--port", "nfsd:port", "1"),
            new("--set nfsd.max-slots", "nfsd:max-slots", "8"),
            new("--set NFSD.vers4.0", "nfsd:vers4.0", "n"),
            new("--set statd.name", "statd:name", "a=b"),
        }));
    }

    [TestCase("nfsd.threads")]
    [TestCase("threads=8")]
    [TestCase("nfsd.=8")]
    public void What_is_no_setting_is_not_understood(string text)
    {
        var (code, _, errors, served) = Run("config", "--set", text);
        Assert.That((code, served), Is.EqualTo((2, (ServeOptions?)null)));
        Assert.That(errors, Does.Contain($"--set: '{text}' is not SECTION.KEY=VALUE"));
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
        foreach (string name in AdminCommandTable.All.Select(c => c.Name).Concat(["serve", "config", "clients", "client", "last"]))
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

    [Test]
    public void Every_admin_file_has_its_command()
    {
        var host = new AdminHost(new FakeServerControl(), TimeProvider.System, _ => { });
        var files = new AdminTree(host).Listing().Select(f => f.Path).Where(path => !path.StartsWith("last/", StringComparison.Ordinal));
        Assert.That(AdminCommandTable.All.Select(c => c.File), Is.EquivalentTo(files));
        Assert.That(AdminCommandTable.All.Where(c => c.File != "help").Select(c => c.Name), Is.EqualTo(AdminCommandTable.All.Where(c => c.File != "help").Select(c => c.File.Replace('_', '-'))));
    }

    [Test]
    public void A_command_asks_for_words_only_where_its_file_takes_some()
    {
        var host = new AdminHost(new FakeServerControl(), TimeProvider.System, _ => { });
        foreach (var (path, file) in new AdminTree(host).Listing().Where(f => !f.Path.StartsWith("last/", StringComparison.Ordinal)))
        {
            var words = AdminCommandTable.All.Single(c => c.File == path).Words;
            Assert.That(words.Count > 0, Is.EqualTo(file.Kind != AdminFileKind.Report), path);
            if (file.Kind == AdminFileKind.Setting)
                Assert.That(words.Select(w => w.Arity.MinimumNumberOfValues), Is.All.Zero, path);
        }
    }

    [TestCase("nfsv4leasetime", "90\n", "90")]
    [TestCase("v4_end_grace", "Y\n", "\"Y\"")]
    [TestCase("versions", "+3 +4 -4.0\n", "[\"+3\",\"+4\",\"-4.0\"]")]
    [TestCase("pool_threads", "16 8\n", "[16,8]")]
    [TestCase("supported_krb5_enctypes", "", "[]")]
    [TestCase("export_features", "0x661f 0xf\n", "[\"0x661f\",\"0xf\"]")]
    [TestCase("portlist", "tcp 2049\nudp 2049\n", "[{\"transport\":\"tcp\",\"port\":2049},{\"transport\":\"udp\",\"port\":2049}]")]
    [TestCase("reply_cache_stats", "max entries:           1024\nmem usage:             4096\n", "{\"max entries\":1024,\"mem usage\":4096}")]
    [TestCase("filecache", "total inodes:  1\nmean age (ms): -\n", "{\"total inodes\":1,\"mean age (ms)\":\"-\"}")]
    [TestCase("pool_stats", "# pool packets-arrived sockets-enqueued threads-woken threads-timedout\n0 10 2 3 0\n",
        "[{\"pool\":0,\"packets-arrived\":10,\"sockets-enqueued\":2,\"threads-woken\":3,\"threads-timedout\":0}]")]
    [TestCase("export_stats", "# Version 1.1\n# Path Client Start-time\n#\tStats\n/f\\040s\t*\t1700000000\n\tfh_stale: 1\n\tio_read: 2\n\n",
        "[{\"path\":\"/f s\",\"client\":\"*\",\"start\":1700000000,\"fh_stale\":1,\"io_read\":2}]")]
    public void The_kernels_texts_stand_as_they_are_and_are_records_in_JSON(string file, string text, string json)
    {
        Assert.That(Show(file, text), Is.EqualTo(text));
        Assert.That(JsonNode.Parse(Show(file, text, "--json"))!.ToJsonString(), Is.EqualTo(JsonNode.Parse(json)!.ToJsonString()));
    }

    [Test]
    public void The_list_of_files_is_the_help_file()
    {
        const string Text = "threads                  0600 setting  worker threads; 0 stops\n";
        File.WriteAllText(Path.Combine(directory, "help"), Text);
        Assert.That(Run("files", "--admin-mount", directory).Output, Is.EqualTo(Text));
        Assert.That(JsonNode.Parse(Run("files", "--json", "--admin-mount", directory).Output)![0]!.ToJsonString(), Is.EqualTo(
            "{\"file\":\"threads\",\"mode\":\"0600\",\"kind\":\"setting\",\"help\":\"worker threads; 0 stops\"}"));
    }

    [TestCase("threads", "8\n", "threads", "8")]
    [TestCase("versions", "+3 -4.0\n", "versions", "+3", "-4.0")]
    [TestCase("versions", "--dry-run -4.0\n", "versions", "--dry-run", "-4.0")]
    [TestCase("portlist", "tcp 2050\n", "portlist", "tcp", "2050")]
    [TestCase("v4_end_grace", "Y\n", "v4-end-grace", "Y")]
    [TestCase("unlock_ip", "\n", "unlock-ip", "")]
    [TestCase("filehandle", "* /srv/a\\040b 64\n", "filehandle", "*", "/srv/a b")]
    [TestCase("clients/7/ctl", "expire\n", "client", "7", "expire")]
    public void Words_are_written_as_one_line(string file, string written, params string[] arguments)
    {
        string path = Path.Combine(directory, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, "");
        var (code, _, errors, _) = Run([.. arguments, "--admin-mount", directory]);
        Assert.That(code, Is.Zero, errors);
        Assert.That(File.ReadAllText(path), Is.EqualTo(written));
    }

    [Test]
    public void A_client_is_shown_with_what_it_holds()
    {
        const string States = "- 0x00000001a1: { type: open, access: rw, deny: --, superblock: \"08:01:12\", filename: \"a/\\xc3\\xbc, b\", owner: \"o\" }\n- 0x00000001a2: { closed, type: lock, owner: \"p\", admin-revoked }\n";
        Assert.That(Show("clients/7/info", "clientid: 0x1\nname: \"Linux \\xc3\\xbc\"\n"), Is.EqualTo("clientid\t0x1\nname\tLinux ü\n"));
        Assert.That(Show("clients/7/states", States), Is.EqualTo(States));
        var json = JsonNode.Parse(Show("clients/7/states", States, "--json"))!.AsArray();
        Assert.That(json[0]!.ToJsonString(Plain), Is.EqualTo(
            "{\"stateid\":\"0x00000001a1\",\"type\":\"open\",\"access\":\"rw\",\"deny\":\"--\",\"superblock\":\"08:01:12\",\"filename\":\"a/ü, b\",\"owner\":\"o\"}"));
        Assert.That(json[1]!.ToJsonString(), Is.EqualTo("{\"stateid\":\"0x00000001a2\",\"closed\":true,\"type\":\"lock\",\"owner\":\"p\",\"admin-revoked\":true}"));
    }

    [Test]
    public void The_last_command_is_known_by_either_name()
    {
        const string Text = "time: \"2026-01-02T03:04:05.000Z\"\npid: 42\nanswer: \"released address=10.0.0.1\"\n";
        Assert.That(Show("last/unlock_ip", Text), Does.EndWith("pid\t42\nanswer\treleased address=10.0.0.1\n"));
        Assert.That(JsonNode.Parse(Run("last", "unlock-ip", "--json", "--admin-mount", directory).Output)!["pid"]!.GetValue<int>(), Is.EqualTo(42));
    }

    [Test]
    public void A_file_that_is_missing_on_a_running_server_is_named()
    {
        File.WriteAllText(Path.Combine(directory, "help"), "");
        Assert.That(Run("client", "7", "--admin-mount", directory), Is.EqualTo((1, "", $"nfsdctl client: there is no clients/7/info{Environment.NewLine}", (ServeOptions?)null)));
    }
}
