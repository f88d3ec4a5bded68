using NfsdCtl.AdminFs.Text;

namespace NfsdCtl.AdminFs.Files;

/// <summary><c>hosts</c>: NLM peers and their monitors, by server address.</summary>
internal sealed class Hosts(AdminHost host) : ReportFile("hosts", "NLM peers and monitors by server address")
{
    protected override Answer Report() => Answer.Of(Records.Lines(host.Control.Hosts(), static (json, h) =>
    {
        json.WriteAddress("server", h.Server);
        json.WriteAddress("client", h.Client);
        json.WriteString("caller_name", h.CallerName);
        json.WriteBoolean("monitored", h.Monitored);
        json.WriteNumber("state", h.State);
        json.WriteNumber("locks", h.Locks);
        json.WriteNumber("waiters", h.Waiters);
        json.WriteNumber("shares", h.Shares);
        json.WriteSeconds("idle", h.Idle);
    }));
}
