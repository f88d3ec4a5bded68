using System.Diagnostics;
using NfsdCtl.AdminFs;
using NfsdCtl.Fuse;
using NfsdCtl.TestKit.Control;

namespace NfsdCtl.SystemTests.Fuse;

/// <summary>What happens to the mount when its process ends, in good order or not.</summary>
public sealed class MountLifeTests
{
    private string directory = "";

    [SetUp]
    public void MakeDirectory()
    {
        if (Environment.UserName != "root" || !File.Exists("/dev/fuse"))
            Assert.Ignore("needs root and /dev/fuse");
        directory = Directory.CreateTempSubdirectory("nfsdctl-life-").FullName;
    }

    [TearDown]
    public void RemoveDirectory()
    {
        if (directory.Length == 0)
            return;
        Shell.Run("/", $"umount -l {directory} 2>/dev/null; rmdir {directory}");
    }

    [Test]
    public void Sigterm_unmounts()
    {
        using var host = StartHost();
        Assert.That(Shell.Run("/", $"cat {directory}/threads; kill -TERM {host.Id}").Output, Is.EqualTo("32\n"));
        Assert.That(host.WaitForExit(TimeSpan.FromSeconds(10)));
        Assert.That(host.ExitCode, Is.Zero);
        Assert.That(Top(), Is.Null);
    }

    [Test]
    public void A_killed_servers_mount_is_cleaned_at_the_next_start()
    {
        for (int round = 0; round < 2; round++)
        {
            using var host = StartHost();
            Shell.Run("/", $"kill -KILL {host.Id}");
            Assert.That(host.WaitForExit(TimeSpan.FromSeconds(10)));
            Assert.That(Shell.Run("/", $"cat {directory}/threads").Errors, Does.Contain("not connected"));
            Assert.That(Top()?.Type, Is.EqualTo("fuse.nfsdctl"));
        }
        using (FuseMount.Mount(directory, new AdminFileSystem(new AdminHost(new FakeServerControl(), TimeProvider.System, _ => { })), new FuseMountOptions("nfsdctl")))
            Assert.That(Shell.Run("/", $"cat {directory}/threads").Output, Is.EqualTo("32\n"));
        Assert.That(Top(), Is.Null);
    }

    [Test]
    public void A_living_servers_mount_is_respected()
    {
        using var host = StartHost();
        var files = new AdminFileSystem(new AdminHost(new FakeServerControl(), TimeProvider.System, _ => { }));
        Assert.That(() => FuseMount.Mount(directory, files, new FuseMountOptions("nfsdctl")), Throws.TypeOf<FuseException>().With.Message.Contains(host.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        Assert.That(Shell.Run("/", $"cat {directory}/threads").Output, Is.EqualTo("32\n"));
        host.Kill();
        host.WaitForExit();
    }

    private MountEntry? Top() => MountTable.TopAt(MountTable.Read(), directory);

    private Process StartHost()
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "NfsdCtl.AdminMountHost.dll"));
        start.ArgumentList.Add(directory);
        var host = Process.Start(start)!;
        Assert.That(host.StandardOutput.ReadLine(), Is.EqualTo("ready"));
        return host;
    }
}
