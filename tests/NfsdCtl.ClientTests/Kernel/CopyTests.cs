using System.Globalization;
using static NfsdCtl.ClientTests.Kernel.Guests;

namespace NfsdCtl.ClientTests.Kernel;

/// <summary>Copies that the kernel client leaves to the server.</summary>
public sealed class CopyTests
{
    private const string Version = "4.2";

    private string directory = "";

    [OneTimeSetUp]
    public void Mount() => MountVersion(Version);

    [OneTimeTearDown]
    public void Unmount() => UnmountVersion(Version);

    [SetUp]
    public void MakeDirectory() => Run("c1", $"mkdir {directory = $"{MountsOf(Version)}/moves/{TestContext.CurrentContext.Test.ID}"}");

    [TearDown]
    public void RemoveDirectory() => Run("c1", $"rm -rf {directory}");

    /// <summary>Before its answer a COPY moves 64 MiB at most: the client would have to send another.</summary>
    [Test]
    public void A_long_copy_is_one_COPY_whose_end_the_client_is_told()
    {
        Run("c1", $"dd if=/dev/urandom of={directory}/from bs=1M count=80 conv=fsync 2>/dev/null", 120);
        int before = Copies();
        Run("c1", $"cd {directory}; cp --reflink=auto from to; echo 3 >/proc/sys/vm/drop_caches; cmp from to", 120);
        Assert.That(Copies() - before, Is.EqualTo(1));
    }

    private static int Copies() => int.Parse(
        Run("c1", "awk '$1 == \"COPY:\" { sum += $2 } END { print sum + 0 }' /proc/self/mountstats"),
        CultureInfo.InvariantCulture);
}
