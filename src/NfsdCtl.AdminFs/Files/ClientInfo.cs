using NfsdCtl.Linux;

namespace NfsdCtl.AdminFs.Files;

/// <summary><c>clients/N/info</c>: who an NFSv4 client is.</summary>
internal sealed class ClientInfo(AdminHost host, long id) : ReportFile("info", "who the client is", 0x100)
{
    protected override Answer Report() =>
        host.Control.ClientInfo(id) is { } info ? Answer.Of(info) : Answer.Fail(Errno.ENXIO, "the client is gone");
}
