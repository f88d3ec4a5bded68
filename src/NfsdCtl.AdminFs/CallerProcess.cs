using System.Globalization;

namespace NfsdCtl.AdminFs;

/// <summary>The kernel names the calling thread in a FUSE request (fuse_get_req: task_pid); people and logs know its process.</summary>
internal static class CallerProcess
{
    /// <summary>The process of a thread, or the number itself when the thread is gone or of another pid namespace.</summary>
    public static int Of(int thread)
    {
        const string Key = "Tgid:\t";
        try
        {
            string? line = File.ReadLines($"/proc/{thread}/status").FirstOrDefault(l => l.StartsWith(Key, StringComparison.Ordinal));
            return line is not null && int.TryParse(line.AsSpan(Key.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int process) ? process : thread;
        }
        catch (IOException)
        {
            return thread;
        }
    }
}
