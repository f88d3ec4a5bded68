using NfsdCtl.AdminFs.Text;

namespace NfsdCtl.AdminFs.Files;

/// <summary><c>grace</c>: every grace window.</summary>
internal sealed class Grace(AdminHost host) : ReportFile("grace", "grace windows: who may reclaim, who is done, who is missing, seconds left")
{
    protected override Answer Report() => Answer.Of(Records.Lines(host.Control.Grace(), static (json, w) =>
    {
        json.WriteAddress("server", w.Server);
        json.WriteFileSystem("filesystem", w.FileSystem);
        json.WriteString("path", w.Path);
        json.WriteString("reason", w.Reason);
        json.WriteString("reclaim", w.AnyoneMayReclaim ? "anyone" : "known");
        json.WriteSeconds("seconds_left", w.Left);
        json.WriteStrings("done", w.Done);
        json.WriteStrings("missing", w.Missing);
    }));
}
