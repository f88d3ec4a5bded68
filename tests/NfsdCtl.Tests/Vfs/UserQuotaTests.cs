using System.Runtime.InteropServices;
using NfsdCtl.Linux;
using NfsdCtl.Vfs;

namespace NfsdCtl.Tests.Vfs;

public sealed class UserQuotaTests
{
    [TestCase(100, 0, 0, 1000, 1000, 1000, TestName = "no limit leaves what the disk has")]
    [TestCase(100, 200, 300, 1000, 200, 100, TestName = "both limits")]
    [TestCase(250, 200, 300, 1000, 50, 0, TestName = "beyond the soft limit")]
    [TestCase(400, 200, 300, 1000, 0, 0, TestName = "beyond both")]
    [TestCase(100, 0, 300, 1000, 200, 200, TestName = "no soft limit is the hard one")]
    [TestCase(100, 200, 0, 1000, 1000, 100, TestName = "no hard limit")]
    [TestCase(100, 200, 300, 70, 70, 70, TestName = "never more than the disk has")]
    public void What_is_left(int used, int soft, int hard, int disk, int leftHard, int leftSoft) =>
        Assert.That(UserQuota.Of((ulong)used, (ulong)soft, (ulong)hard, (ulong)disk), Is.EqualTo(new UserQuota((ulong)used, (ulong)leftHard, (ulong)leftSoft)));

    /// <summary>struct if_dqblk of linux/quota.h.</summary>
    [Test]
    public void The_kernels_structure_has_its_size() => Assert.That(Marshal.SizeOf<DiskQuota>(), Is.EqualTo(72));
}
