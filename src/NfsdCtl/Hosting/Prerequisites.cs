using NfsdCtl.Configuration;

namespace NfsdCtl.Hosting;

/// <summary>What must be so before anything is opened. Everything that is missing is named at once, each with its remedy.</summary>
public static class Prerequisites
{
    /// <exception cref="StartupException">With a line for each thing that is missing.</exception>
    public static void Check(ServerSettings settings)
    {
        var missing = new List<string>();
        if (!Environment.IsPrivilegedProcess)
            missing.Add("it must run as root: it acts for other users, opens files by handle and mounts the admin filesystem");
        if (!File.Exists("/dev/fuse"))
            missing.Add("/dev/fuse is missing: load the module (modprobe fuse), or give the device to this container (--device /dev/fuse)");
        if (!TryMakeStateDirectory(settings.StateDirectory, out string why))
            missing.Add($"the state directory {settings.StateDirectory} cannot be used ({why}): make it writable, or name another with --state-dir");
        if (missing.Count > 0)
            throw new StartupException([.. missing]);
    }

    private static bool TryMakeStateDirectory(string path, out string why)
    {
        try
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            string probe = Path.Combine(path, ".probe");
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
            why = "";
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            why = e.Message;
            return false;
        }
    }
}
