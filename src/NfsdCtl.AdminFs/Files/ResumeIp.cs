using System.Globalization;
using NfsdCtl.AdminFs.Text;
using NfsdCtl.Control;

namespace NfsdCtl.AdminFs.Files;

/// <summary><c>resume_ip</c>: opens a grace window for one server address and one filesystem, or every exported one.</summary>
internal sealed class ResumeIp(AdminHost host) : TransactionFile(
    host, "resume_ip", 0x180, AdminFileKind.Command, "ADDR [PATH [SECONDS]]: let clients of this address reclaim their locks on this filesystem")
{
    /// <summary>The shortest and longest window, in seconds.</summary>
    public const int MinSeconds = 10;
    public const int MaxSeconds = 3600;

    protected override Answer Execute(CommandText text, Order order)
    {
        if (!text.TryWords(1, 3, "ADDR PATH [SECONDS]\\n", needsNewline: true, out var words, out var error)
            || !Arguments.TryServerAddress(words[0], out var server, out error))
            return error;
        string? path = null;
        if (words.Count > 1 && !Arguments.TryPath(Host, words[1], order, out path, out error))
            return error;
        int? seconds = null;
        if (words.Count > 2)
        {
            if (!Numbers.TryParse(words[2], out long value) || value is < MinSeconds or > MaxSeconds)
                return Answer.Invalid($"'{words[2]}' is not a number of seconds from {MinSeconds} to {MaxSeconds}");
            seconds = (int)value;
        }
        return Answer.From(Control.ResumeIp(server, path, seconds, order), Describe);
    }

    /// <summary>The windows that are open, one a line.</summary>
    public override Answer Report() => Answer.Of(string.Concat(Control.Grace().Select(w => string.Create(CultureInfo.InvariantCulture,
        $"{(w.Server.IsWildcard ? "any" : w.Server)} {Qword.Encode(w.Path ?? (w.FileSystem.IsAny ? "any" : w.FileSystem.ToString()))} {(long)w.Left.TotalSeconds} known={w.Done.Count + w.Missing.Count} done={w.Done.Count}\n"))));

    private static string Describe(ResumeReport report) => string.Concat(report.Windows.Select(w => string.Create(CultureInfo.InvariantCulture,
        $"resumed address={w.Server} filesystem={Qword.Encode(w.FileSystem)} seconds={w.Seconds} known-clients={w.KnownClients} notified={w.Notified}\n")));
}
