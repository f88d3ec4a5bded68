using NfsdCtl.Control;

namespace NfsdCtl.AdminFs.Files;

/// <summary><c>nfsv4leasetime</c>: the lease of NFSv4 clients.</summary>
internal sealed class LeaseTime(AdminHost host) : NumberSetting(
    host, "nfsv4leasetime", 0x180, Setting.LeaseTime, 10, 3600, "lease of NFSv4 clients in seconds, 10..3600; not while serving")
{
    protected override bool OnlyBeforeServing => true;
}
