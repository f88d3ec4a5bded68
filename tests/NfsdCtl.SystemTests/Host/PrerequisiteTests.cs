using NfsdCtl.TestKit;

namespace NfsdCtl.SystemTests.Host;

/// <summary>What a machine does not give is named in one line, with the remedy, before anything is opened.</summary>
public sealed class PrerequisiteTests
{
    private string directory = "";

    [SetUp]
    public void Make() => directory = Directory.CreateTempSubdirectory("nfsdctl-without-").FullName;

    [TearDown]
    public void Remove() => Directory.Delete(directory, recursive: true);

    /// <summary>In a mount namespace of its own.</summary>
    /// <returns>The line of standard error that has the words.</returns>
    private string Refused(string prepare, string words, string prefix = "")
    {
        string server = Path.Combine(AppContext.BaseDirectory, "nfsdctl");
        string serve = $"{prefix} '{server}' serve --exports /dev/null --rpcbind off --host 127.0.0.1 --port 0 --admin-mount '{directory}/admin' --state-dir '{directory}/state'";
        var result = Shell.Run(TimeSpan.FromSeconds(30), null, "unshare", "--mount", "sh", "-c", $"{prepare}exec {serve}");
        Assert.That(result.Status, Is.EqualTo(1), result.ToString());
        return result.Errors.Split('\n').Single(line => line.Contains(words, StringComparison.Ordinal));
    }

    [Test]
    public void A_missing_fuse_device() =>
        Assert.That(
            Refused("mount -n --rbind /dev /mnt; mount -n -t tmpfs none /dev; for d in null zero random urandom; do touch /dev/$d; mount -n --bind /mnt/$d /dev/$d; done; ", "/dev/fuse is missing"),
            Does.Contain("modprobe fuse").And.Contain("--device /dev/fuse"));

    [Test]
    public void Missing_privilege()
    {
        File.SetUnixFileMode(directory, (UnixFileMode)0x1FF);
        Assert.That(Refused("", "must run as root", "setpriv --reuid 65534 --regid 65534 --clear-groups"), Does.Contain("mounts the admin filesystem"));
    }

    [Test]
    public void A_state_directory_that_cannot_be_written() =>
        Assert.That(
            Refused($"mkdir '{directory}/state'; mount -n -t tmpfs -o ro none '{directory}/state'; ", "the state directory"),
            Does.Contain("--state-dir"));
}
