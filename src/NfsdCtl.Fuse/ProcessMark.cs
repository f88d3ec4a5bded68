using System.Globalization;

namespace NfsdCtl.Fuse;

/// <summary>
/// A process as <c>PID.STARTTIME</c>: unlike a bare number it is never another process's. It is part of a mount's source, where a later
/// server can read it from mountinfo.
/// </summary>
internal static class ProcessMark
{
    public static string Own => Of(Environment.ProcessId) ?? throw new InvalidOperationException("/proc is not mounted");

    public static string ProcessId(string mark) => mark[..Math.Max(0, mark.IndexOf('.'))];

    public static bool IsAlive(string mark) =>
        int.TryParse(ProcessId(mark), NumberStyles.None, CultureInfo.InvariantCulture, out int pid) && pid > 0 && Of(pid) == mark;

    /// <summary>Null when there is no such process, or only its remains (a zombie serves nobody).</summary>
    private static string? Of(int pid)
    {
        try
        {
            // The name in parentheses may hold anything, so fields are counted from the last ')': state is the 3rd, starttime the 22nd (proc_pid_stat(5)).
            string text = File.ReadAllText($"/proc/{pid}/stat");
            string[] fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : string.Create(CultureInfo.InvariantCulture, $"{pid}.{fields[22 - 3]}");
        }
        catch (IOException)
        {
            return null;
        }
    }
}
