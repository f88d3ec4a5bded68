using NfsdCtl.AdminFs.Text;

namespace NfsdCtl.AdminFs.Files;

/// <summary><c>leases</c>: delegations and the kernel leases behind them.</summary>
internal sealed class Leases(AdminHost host) : ReportFile("leases", "delegations: path, kind, client, server address, age, whether recalled")
{
    protected override Answer Report() => Answer.Of(Records.Lines(host.Control.Leases(), static (json, l) =>
    {
        json.WriteString("path", l.Path);
        json.WriteString("file", l.File.ToString());
        json.WriteString("kind", l.Kind);
        json.WriteString("client", l.Client);
        json.WriteAddress("server", l.Server);
        json.WriteSeconds("age", l.Age);
        json.WriteBoolean("recalled", l.Recalled);
    }));
}
