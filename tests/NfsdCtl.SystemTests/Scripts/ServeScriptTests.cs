using NfsdCtl.SystemTests.Host;
using NfsdCtl.TestKit;

namespace NfsdCtl.SystemTests.Scripts;

/// <summary>The first command that a newcomer runs.</summary>
public sealed class ServeScriptTests
{
    private string directory = "";

    [SetUp]
    public void MakeDirectory() => directory = Directory.CreateTempSubdirectory("nfsdctl-script-").FullName;

    [TearDown]
    public void RemoveDirectory() => Directory.Delete(directory, recursive: true);

    [Test]
    public void It_says_how_to_mount_and_what_to_write_and_the_lines_work_as_they_stand([Values("TERM", "INT")] string signal)
    {
        string exported = Path.Combine(directory, "two words");
        using var server = ServerProcess.ByScript(directory, exported).WaitUntilReady();
        Assert.That(() => server.Errors, Does.Contain($"cat {server.AdminMount}/locks").After(10_000, 20));
        Assert.That(server.Errors, Does.Contain($"mount -t nfs -o vers=4.2,port={server["nfs"]} '127.0.0.1:{exported}' /mnt")
            .And.Contain($"vers=3,port={server["nfs"]},mountport={server["mountd"]} "));
        var commands = Indented(server.Errors).Where(l => !l.StartsWith("mount", StringComparison.Ordinal)).ToList();
        Assert.That(commands, Has.Count.EqualTo(4));
        foreach (string command in commands)
        {
            var result = Shell.Run(TimeSpan.FromSeconds(20), null, "/bin/sh", "-c", command);
            Assert.That(result.Status, Is.Zero, $"{command}: {result}");
        }
        Assert.That(server.Read("last/resume_ip"), Does.Contain("127.0.0.1"));
        server.Signal(signal);
        Assert.That(server.WaitForExit(), Is.Zero, server.Errors);
        Assert.That(Directory.EnumerateFileSystemEntries(server.AdminMount), Is.Empty);
    }

    [Test]
    public void A_server_that_does_not_start_ends_it_with_its_error()
    {
        File.WriteAllText(Path.Combine(directory, "state"), "");
        using var server = ServerProcess.ByScript(directory, directory);
        Assert.That(server.WaitForExit(), Is.EqualTo(1));
        Assert.That(server.Errors, Does.Contain("state").And.Not.Contain("Mount it"));
    }

    private static IEnumerable<string> Indented(string text) =>
        text.Split('\n').Where(l => l.StartsWith("    ", StringComparison.Ordinal)).Select(l => l.Trim());
}
