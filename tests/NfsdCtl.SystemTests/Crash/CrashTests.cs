using NfsdCtl.TestKit;

namespace NfsdCtl.SystemTests.Crash;

/// <summary>kill -9 of the server under load at random moments; scripts/torture is the long form.</summary>
public sealed class CrashTests
{
    [Test]
    public void No_lock_is_doubled_or_lost_and_no_stable_write_is_lost() => Script.Judge(150, "torture", "--seconds", "25", "--clients", "3");
}
