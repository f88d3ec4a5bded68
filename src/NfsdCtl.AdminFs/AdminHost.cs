using System.Collections.Concurrent;
using NfsdCtl.Control;

namespace NfsdCtl.AdminFs;

/// <summary>One command that was written to an admin file, whatever came of it: one line of the log.</summary>
/// <param name="Time">When it ended.</param>
/// <param name="File">The path of the admin file below the mount.</param>
/// <param name="Command">What was written, without the final newline and <c>--dry-run</c>.</param>
/// <param name="Error">Positive errno, 0 when it was done.</param>
/// <param name="Answer">What can be read back, with counts.</param>
public sealed record AuditRecord(
    DateTimeOffset Time, string File, Caller Caller, bool DryRun, string Command, int Error, string Message, string Answer, TimeSpan Elapsed);

/// <summary>What admin files need besides their text: the server, the clock, the log, and the callers' directories.</summary>
public sealed class AdminHost(IServerControl control, TimeProvider time, Action<AuditRecord> audit)
{
    private readonly ConcurrentDictionary<string, AuditRecord> last = new(StringComparer.Ordinal);

    public IServerControl Control { get; } = control;

    public TimeProvider Time { get; } = time;

    /// <summary>The working directory of a process, or null when it cannot be told; relative paths start there.</summary>
    public Func<int, string?> WorkingDirectory { get; init; } = ReadWorkingDirectory;

    /// <summary>The last command of the files of a name, or null.</summary>
    public AuditRecord? Last(string name) => last.GetValueOrDefault(name);

    /// <summary>Keeps a command for <c>last/NAME</c> and hands it to the log.</summary>
    public void Record(string name, AuditRecord record)
    {
        last[name] = record;
        audit(record);
    }

    /// <summary>An absolute path from one that its writer may mean relative to where it stands.</summary>
    public string? Resolve(string path, Caller caller)
    {
        if (path.StartsWith('/'))
            return path;
        return WorkingDirectory(caller.Pid) is { } directory ? directory.TrimEnd('/') + "/" + path : null;
    }

    private static string? ReadWorkingDirectory(int pid)
    {
        try
        {
            return pid > 0 ? new FileInfo($"/proc/{pid}/cwd").LinkTarget : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
