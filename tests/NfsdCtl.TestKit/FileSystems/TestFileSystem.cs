using System.Diagnostics;

namespace NfsdCtl.TestKit.FileSystems;

/// <summary>
/// A filesystem of its own for a test, mounted on a fresh directory (as root) and gone with <see cref="Dispose"/>.
/// </summary>
public sealed class TestFileSystem : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("nfsdctl-fs-").FullName;

    private TestFileSystem(string type) => Type = type;

    /// <summary>"tmpfs", "ext4", "xfs" or "btrfs".</summary>
    public string Type { get; }

    /// <summary>Where it is mounted.</summary>
    public string MountPoint { get; private set; } = "";

    private string Image => Path.Combine(directory, "image");

    public static TestFileSystem Tmpfs(string options = "size=256m") => New("tmpfs", fs => Run("mount", "-t", "tmpfs", "-o", options, "nfsdctl-test", fs.MountPoint));

    /// <param name="megabytes">The size of the (sparse) image.</param>
    public static TestFileSystem Ext4(int megabytes = 128) =>
        OnImage("ext4", megabytes, "loop", "mkfs.ext4", "-q", "-F", "-b", "4096", "-E", "lazy_itable_init=0,nodiscard");

    /// <summary>With user quotas, which are on; null where the kernel has no disk quotas.</summary>
    public static TestFileSystem? Ext4WithQuotas()
    {
        try
        {
            return OnImage("ext4", 64, "loop,usrquota", "mkfs.ext4", "-q", "-F", "-b", "4096", "-O", "quota", "-E", "quotatype=usrquota,lazy_itable_init=0,nodiscard");
        }
        catch (InvalidOperationException refused) when (refused.Message.Contains("mount") && !KernelHasQuotas())
        {
            return null;
        }
    }

    /// <summary>The smallest that mkfs.xfs makes; its files can share blocks.</summary>
    public static TestFileSystem Xfs() => OnImage("xfs", 320, "loop", "mkfs.xfs", "-q", "-f", "-K");

    public static TestFileSystem Btrfs() => OnImage("btrfs", 256, "loop", "mkfs.btrfs", "-q", "-f", "-K");

    public static TestFileSystem Of(string type) => type switch
    {
        "ext4" => Ext4(),
        "xfs" => Xfs(),
        "btrfs" => Btrfs(),
        _ => Tmpfs(),
    };

    /// <summary>Moves the filesystem to another mount point, as a node that takes it over would see it.</summary>
    public void MoveTo(string name)
    {
        string target = Path.Combine(directory, name);
        Directory.CreateDirectory(target);
        if (Type == "tmpfs")
        {
            // A tmpfs dies with its last mount: the new one comes first.
            Run("mount", "--bind", MountPoint, target);
            Run("umount", MountPoint);
        }
        else
        {
            Run("umount", MountPoint);
            Run("mount", "-o", "loop", Image, target);
        }
        MountPoint = target;
    }

    /// <summary>
    /// What a power failure at this moment would leave on the disk: a copy of the image, mounted (which replays the journal). Only for
    /// ext4.
    /// </summary>
    public TestFileSystem AfterPowerFailure() => New(Type, fs =>
    {
        Run("cp", "--sparse=always", Image, fs.Image);
        Run("mount", "-o", "loop", fs.Image, fs.MountPoint);
    });

    public void Dispose()
    {
        if (MountPoint.Length > 0)
            Run("umount", "-l", MountPoint);
        Directory.Delete(directory, recursive: true);
    }

    /// <summary>Runs a program to its end.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message says how.</exception>
    public static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        string output = process.StandardOutput.ReadToEnd();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: exit {process.ExitCode}: {error}");
        return output;
    }

    /// <summary>The format of ext4's quotas is registered, or could be (fs/quota/quota_v2.c).</summary>
    private static bool KernelHasQuotas()
    {
        using var modprobe = Process.Start(new ProcessStartInfo("modprobe", ["-q", "quota_v2"]));
        modprobe?.WaitForExit();
        return modprobe?.ExitCode == 0;
    }

    private static TestFileSystem OnImage(string type, int megabytes, string mountOptions, string program, params string[] options) => New(type, fs =>
    {
        using (var image = File.Create(fs.Image))
            image.SetLength((long)megabytes << 20);
        Run(program, [.. options, fs.Image]);
        Run("mount", "-o", mountOptions, fs.Image, fs.MountPoint);
    });

    private static TestFileSystem New(string type, Action<TestFileSystem> mount)
    {
        var fileSystem = new TestFileSystem(type);
        string target = Path.Combine(fileSystem.directory, "mnt");
        Directory.CreateDirectory(target);
        fileSystem.MountPoint = target;
        try
        {
            mount(fileSystem);
        }
        catch
        {
            fileSystem.MountPoint = "";
            fileSystem.Dispose();
            throw;
        }
        return fileSystem;
    }
}
