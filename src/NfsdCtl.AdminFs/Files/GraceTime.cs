using NfsdCtl.Control;

namespace NfsdCtl.AdminFs.Files;

/// <summary><c>nfsv4gracetime</c>: how long a grace period lasts, NLM's too.</summary>
internal sealed class GraceTime(AdminHost host) : NumberSetting(
    host, "nfsv4gracetime", 0x180, Setting.GraceTime, 10, 3600, "length of a grace period in seconds, 10..3600; not while serving")
{
    protected override bool OnlyBeforeServing => true;
}
