using System.Globalization;
using NfsdCtl.AdminFs.Text;

namespace NfsdCtl.AdminFs.Files;

/// <summary><c>export_stats</c>: what each export served, in the kernel's text.</summary>
internal sealed class ExportStats(AdminHost host) : ReportFile("export_stats", "bytes and stale handles of each export")
{
    protected override Answer Report() => Answer.Of("# Version 1.1\n# Path Client Start-time\n#\tStats\n" + string.Concat(
        host.Control.ExportStats().Select(e => string.Create(CultureInfo.InvariantCulture,
            $"{Qword.Encode(e.Path)}\t{Qword.Encode(e.Client)}\t{e.Start.ToUnixTimeSeconds()}\n\tfh_stale: {e.StaleHandles}\n\tio_read: {e.BytesRead}\n\tio_write: {e.BytesWritten}\n\n"))));
}
