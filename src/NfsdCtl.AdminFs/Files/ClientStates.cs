namespace NfsdCtl.AdminFs.Files;

/// <summary><c>clients/N/states</c>: what an NFSv4 client holds; nothing once it is gone.</summary>
internal sealed class ClientStates(AdminHost host, long id) : ReportFile("states", "what the client holds, one stateid a line", 0x100)
{
    protected override Answer Report() => Answer.Of(host.Control.ClientStates(id) ?? "");
}
