using NfsdCtl.Linux;
using NfsdCtl.TestKit.Rpc;
using NfsdCtl.Vfs;

namespace NfsdCtl.SystemTests.Vfs;

public sealed class ThreadIdentityTests
{
    /// <summary>An identity that the kernel refuses half way must not leave another one in place that counts as known.</summary>
    [Test]
    public void After_a_failure_the_next_caller_has_its_own_identity()
    {
        if (Environment.UserName != "root")
            Assert.Ignore("needs root: changes user ids");
        using var thread = new ImpersonationThread();
        thread.Run(() =>
        {
            var alice = new Credential(1001, 1001, [1001]);
            ThreadIdentity.Become(alice);
            Assert.That(() => ThreadIdentity.Become(new Credential(uint.MaxValue, 1002, [])), Throws.InvalidOperationException);
            ThreadIdentity.Become(alice);
            Assert.That(Credentials.SetFsUid(uint.MaxValue), Is.EqualTo(1001), "uid");
            Assert.That(Credentials.SetFsGid(uint.MaxValue), Is.EqualTo(1001), "gid");
        });
    }
}
