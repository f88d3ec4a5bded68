using NfsdCtl.Commands;
using NfsdCtl.Configuration;
using NfsdCtl.Hosting;

namespace NfsdCtl.Tests.Host;

/// <summary><c>nfsdctl config</c>: whose settings it shows, and that it says so.</summary>
public sealed class ShowConfigTests
{
    private string directory = "";

    [SetUp]
    public void MakeDirectory() => directory = Directory.CreateTempSubdirectory("nfsdctl-config-").FullName;

    [TearDown]
    public void RemoveDirectory() => Directory.Delete(directory, recursive: true);

    private (string Output, string Errors) Show(string? file, params SettingOverride[] overrides)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var mount = new SettingOverride("--admin-mount", "nfsdctl:admin-mount", directory);
        Assert.That(ServerHost.ShowConfig(new ServeOptions(file, [mount, .. overrides]), output, errors), Is.Zero, errors.ToString());
        return (output.ToString(), errors.ToString());
    }

    private void Run() => File.WriteAllText(
        Path.Combine(directory, "settings"),
        "- {\"section\":\"nfsd\",\"key\":\"grace-time\",\"value\":\"33\"}\n- {\"section\":\"lockd\",\"key\":\"port\",\"value\":\"0\"}\n");

    [Test]
    public void A_running_server_is_asked()
    {
        Run();
        Assert.That(Show(null), Is.EqualTo(("[nfsd]\ngrace-time = 33\n[lockd]\nport = 0\n", "")));
    }

    [Test]
    public void Without_one_it_is_told_that_a_server_would_start_so()
    {
        var (output, errors) = Show(null);
        Assert.That(output, Does.Contain("grace-time = ").And.Contain($"admin-mount = {directory}"));
        Assert.That(errors, Does.Contain($"no server is running on {directory}").And.Contain("a server would start with these settings"));
    }

    [Test]
    public void With_options_it_is_what_they_would_give()
    {
        Run();
        var (output, errors) = Show(null, new SettingOverride("--set nfsd.grace-time", "nfsd:grace-time", "44"));
        Assert.That(output, Does.Contain("grace-time = 44\n"));
        Assert.That(errors, Does.Contain("a server would start with these settings"));
    }
}
