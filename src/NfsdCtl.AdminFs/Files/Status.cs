using NfsdCtl.AdminFs.Text;

namespace NfsdCtl.AdminFs.Files;

/// <summary><c>status</c>: the server on one screen.</summary>
internal sealed class Status(AdminHost host) : ReportFile("status", "the server on one screen")
{
    protected override Answer Report()
    {
        var s = host.Control.Status();
        return Answer.Of(Records.Mapping(
        [
            ("version", s.Version),
            ("pid", s.ProcessId),
            ("uptime", (long)s.Uptime.TotalSeconds),
            ("serving", s.Serving),
            ("threads", s.Threads),
            ("addresses", s.Addresses.Select(a => a.ToString())),
            ("listeners", s.Listeners.Select(l => $"{l.Transport} {(l.Address.IsWildcard ? "*" : l.Address.IsV4 ? l.Address : $"[{l.Address}]")}:{l.Port}")),
            ("connections", s.Connections),
            ("calls", s.Calls),
            ("exports", s.Exports),
            ("grace_windows", s.GraceWindows),
            ("hosts", s.Hosts),
            ("locks", s.Locks),
            ("waiters", s.Waiters),
            ("shares", s.Shares),
            ("nsm_state", s.NsmState),
        ]));
    }
}
