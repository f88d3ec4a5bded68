using NfsdCtl.AdminFs.Text;

namespace NfsdCtl.AdminFs.Files;

/// <summary><c>waiters</c>: who waits behind whom.</summary>
internal sealed class Waiters(AdminHost host) : ReportFile("waiters", "blocked requests, each with the locks that block it")
{
    protected override Answer Report() => Answer.Of(Records.Lines(host.Control.Waiters(), static (json, waiter) =>
    {
        json.WriteLock(waiter.Wanted);
        json.WriteStartArray("blockers");
        foreach (var blocker in waiter.Blockers)
        {
            json.WriteStartObject();
            json.WriteLock(blocker);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }));
}
