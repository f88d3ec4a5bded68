using NfsdCtl.Configuration;

namespace NfsdCtl.Tests.Host;

public sealed class SettingsLoaderTests
{
    private static readonly SettingOverride[] Nothing = [];

    private string file = "";

    [SetUp]
    public void MakeFile() => file = Path.GetTempFileName();

    [TearDown]
    public void RemoveFile() => File.Delete(file);

    private ServerSettings Load(string text, params SettingOverride[] overrides)
    {
        File.WriteAllText(file, text);
        return SettingsLoader.Load(file, overrides);
    }

    private IReadOnlyList<ConfigurationProblem> Problems(string text) =>
        Assert.Throws<ConfigurationException>(() => Load(text))!.Problems;

    [Test]
    public void Defaults_are_in_force_without_a_file_text()
    {
        Assert.That(Load(""), Is.EqualTo(new ServerSettings()).Using<ServerSettings>((a, b) => SettingsLoader.Describe(a) == SettingsLoader.Describe(b)));
    }

    [Test]
    public void Sections_keys_comments_quotes_and_continued_lines_are_read()
    {
        var settings = Load("""
            # the usual
            [NFSD]
            Threads = 8      ; a comment
            host = 10.0.0.1, \
                   fd00::1
            grace-time="15"
            [lockd]
            port=4045
            """);
        Assert.Multiple(() =>
        {
            Assert.That(settings.Threads, Is.EqualTo(8));
            Assert.That(settings.Host.Select(a => a.ToString()), Is.EqualTo(new[] { "10.0.0.1", "fd00::1" }));
            Assert.That(settings.Grace, Is.EqualTo(15));
            Assert.That(settings.LockdPort, Is.EqualTo(4045));
        });
    }

    [Test]
    public void The_command_line_overrides_the_file()
    {
        var settings = Load("[nfsd]\nport=2050\nthreads=4\n", new SettingOverride("--port", "nfsd:port", "2051"));
        Assert.That((settings.Port, settings.Threads), Is.EqualTo((2051, 4)));
    }

    [TestCase("[nfsd]\nthreads = many\n", 2, 11, "not a number from 1 to 1024")]
    [TestCase("[nfsd]\nthreads = 0\n", 2, 11, "not a number from 1 to 1024")]
    [TestCase("[nfsd]\n  thread = 8\n", 2, 1, "no key 'thread'")]
    [TestCase("[nfsx]\nthreads = 8\n", 2, 1, "no section [nfsx]")]
    [TestCase("threads = 8\n", 1, 1, "before the first [section]")]
    [TestCase("[nfsd\nthreads=8\n", 1, 6, "closing ']'")]
    [TestCase("[nfsd] x\n", 1, 7, "nothing but a comment")]
    [TestCase("[nfsd]\nthreads\n", 2, 1, "expected 'key = value'")]
    [TestCase("[nfsd]\nhost = \"10.0.0.1\n", 2, 8, "not closed")]
    [TestCase("[nfsd]\nhost = 10.0.0.256\n", 2, 8, "not an IP address")]
    [TestCase("[nfsd]\nport = 1\nport = 2\n", 3, 1, "set before, in line 2")]
    [TestCase("[nfsdctl]\nrpcbind = maybe\n", 2, 11, "not one of auto, system, builtin, off")]
    [TestCase("[nfsdctl]\nadmin-mount = run\n", 2, 15, "not an absolute path")]
    public void A_mistake_is_named_with_its_place(string text, int line, int column, string message)
    {
        var problem = Problems(text)[0];
        Assert.Multiple(() =>
        {
            Assert.That((problem.Source, problem.Line, problem.Column), Is.EqualTo((file, line, column)));
            Assert.That(problem.Message, Does.Contain(message));
            Assert.That(problem.ToString(), Does.StartWith($"{file}:{line}:{column}: "));
        });
    }

    [Test]
    public void Every_mistake_is_told_at_once() =>
        Assert.That(Problems("[nfsd]\nthreads=x\nport=y\nfoo=1\n"), Has.Count.EqualTo(3));

    [Test]
    public void A_mistake_on_the_command_line_is_said_to_be_there()
    {
        var e = Assert.Throws<ConfigurationException>(() => Load("[nfsd]\nport=2050\n", new SettingOverride("--port", "nfsd:port", "70000")));
        Assert.That(e!.Message, Is.EqualTo("--port: [nfsd] port: '70000' is not a number from 0 to 65535"));
    }

    [TestCase("nfsd:foo", "--set nfsd.foo: [nfsd] has no key 'foo'")]
    [TestCase("foo:port", "--set foo.port: there is no section [foo]")]
    [TestCase("nfsd:port", "--set nfsd.port: [nfsd] port was set before, by --port")]
    [TestCase("nfsd:threads", "--set nfsd.threads: [nfsd] threads: 'x' is not a number from 1 to 1024")]
    public void A_mistake_in_an_option_is_told_as_in_a_file(string path, string message)
    {
        var e = Assert.Throws<ConfigurationException>(() => Load("", new SettingOverride("--port", "nfsd:port", "1"), new SettingOverride("--set " + path.Replace(':', '.'), path, "x")));
        Assert.That(e!.Message, Does.StartWith(message));
    }

    [Test]
    public void A_named_file_must_exist()
    {
        File.Delete(file);
        Assert.That(() => SettingsLoader.Load(file, Nothing), Throws.TypeOf<ConfigurationException>().With.Message.Contain(file));
    }

    [Test]
    public void What_is_in_force_reads_back_as_itself()
    {
        var settings = Load("[nfsd]\nhost=10.0.0.1,::1\nthreads=3\nudp=n\n[nfsdctl]\nrpcbind=off\nlog-level=debug\n");
        Assert.That(SettingsLoader.Describe(Load(SettingsLoader.Describe(settings))), Is.EqualTo(SettingsLoader.Describe(settings)));
    }

    [Test]
    public void Any_text_gives_settings_or_problems_with_places()
    {
        const string alphabet = "[]=\"#;\\ \tnfsdport1\n";
        var random = new Random(4711);
        for (int i = 0; i < 2000; i++)
        {
            var text = new string([.. Enumerable.Range(0, random.Next(60)).Select(_ => alphabet[random.Next(alphabet.Length)])]);
            var problems = new List<ConfigurationProblem>();
            NfsConfParser.Parse("f", text, problems);
            Assert.That(problems, Has.All.Matches<ConfigurationProblem>(p => p.Line >= 1 && p.Column >= 1), text);
        }
    }
}
