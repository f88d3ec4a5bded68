using NfsdCtl.AdminFs.Text;

namespace NfsdCtl.AdminFs.Files;

/// <summary><c>exports</c>: what is exported to whom, in the kernel's text.</summary>
internal sealed class Exports(AdminHost host) : ReportFile("exports", "what is exported to whom, with the options in force")
{
    protected override Answer Report() => Answer.Of("# Version 1.1\n# Path Client(Flags) # IPs\n" + string.Concat(
        host.Control.Exports().Select(e => $"{Qword.Encode(e.Path)}\t{Qword.Encode(e.Client)}({e.Options})\n")));
}
