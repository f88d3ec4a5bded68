using NfsdCtl.TestKit;

namespace NfsdCtl.ClientTests.Kernel;

/// <summary>The demonstration with real kernels, in guests and servers of its own: all versions side by side, one address moves.</summary>
public sealed class DemonstrationTests
{
    [Test]
    public void No_lock_of_any_version_is_lost_or_doubled_and_no_bystander_stalled()
    {
        Guests.OursOnly();
        var environment = new Dictionary<string, string>
        {
            ["VMKIT_STATE"] = $"/run/nfs-vm-demo-{Environment.ProcessId}",
            // a bystander that had to wait for the move would wait for seconds; a busy machine is slow for less
            ["STALL_LIMIT_MS"] = "1000",
        };
        var found = Script.Judge(240, environment, "demo-failover", "--vm", "--locks", "5");
        Assert.That(found["locks reclaimed by the clients' own kernels (NFSv3 10, NFSv4 30)"], Is.EqualTo("40"));
        Assert.That(found["clients on record / told by SM_NOTIFY"], Is.EqualTo("8 / 2"));
    }
}
