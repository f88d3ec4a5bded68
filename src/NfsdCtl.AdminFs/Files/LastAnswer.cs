using System.Globalization;
using NfsdCtl.AdminFs.Text;

namespace NfsdCtl.AdminFs.Files;

/// <summary><c>last/NAME</c>: the last command of a file, readable by any descriptor at any time; empty before the first.</summary>
internal sealed class LastAnswer(AdminHost host, string name, string file) : ReportFile(name, $"the last command written to {file}: when, by whom, what came of it")
{
    protected override Answer Report() => Answer.Of(host.Last(Name) is not { } last ? "" : Records.Mapping(
    [
        ("time", last.Time.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture)),
        ("pid", last.Caller.Pid),
        ("uid", last.Caller.Uid),
        ("dry_run", last.DryRun),
        ("command", last.Command),
        ("error", last.Error),
        ("message", last.Message),
        ("answer", last.Answer.TrimEnd('\n')),
        ("ms", Math.Round(last.Elapsed.TotalMilliseconds, 3)),
    ]));
}
