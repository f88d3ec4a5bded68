using NfsdCtl.AdminFs.Text;

namespace NfsdCtl.AdminFs.Files;

/// <summary><c>scopes</c>: every server address and filesystem of which anything is known.</summary>
internal sealed class Scopes(AdminHost host) : ReportFile("scopes", "(address, filesystem): state, epoch, records, locks, waiters, shares")
{
    protected override Answer Report() => Answer.Of(Records.Lines(host.Control.Scopes(), static (json, s) =>
    {
        json.WriteAddress("server", s.Server);
        json.WriteFileSystem("filesystem", s.FileSystem);
        json.WriteString("path", s.Path);
        json.WriteString("state", s.State);
        json.WriteNumber("epoch", s.Epoch);
        json.WriteNumber("records", s.Records);
        json.WriteNumber("locks", s.Locks);
        json.WriteNumber("waiters", s.Waiters);
        json.WriteNumber("shares", s.Shares);
    }));
}
