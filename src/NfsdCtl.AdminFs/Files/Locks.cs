using NfsdCtl.AdminFs.Text;

namespace NfsdCtl.AdminFs.Files;

/// <summary><c>locks</c>: every byte-range lock that is held.</summary>
internal sealed class Locks(AdminHost host) : ReportFile("locks", "locks: path, bytes, kind, owner, client, protocol, server address, age in seconds")
{
    protected override Answer Report() => Answer.Of(Records.Lines(host.Control.Locks(), static (json, held) => json.WriteLock(held)));
}
