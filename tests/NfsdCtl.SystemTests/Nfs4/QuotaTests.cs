using NfsdCtl.Protocols.Nfs4;
using NfsdCtl.Protocols.Nfs4.Attributes;
using NfsdCtl.TestKit.FileSystems;
using NfsdCtl.TestKit.Rpc;
using NfsdCtl.Wire.Xdr;
using static NfsdCtl.Protocols.Nfs4.nfs_opnum4;
using static NfsdCtl.Protocols.Nfs4.Nfs4Constants;

namespace NfsdCtl.SystemTests.Nfs4;

/// <summary>User quotas of an ext4: told as attributes, and enforced.</summary>
public sealed class QuotaTests : SessionTestBase
{
    private const uint User = 4321;
    private const int Soft = 200 << 10;
    private const int Hard = 400 << 10;

    /// <summary>More than is left of the quota of a user who has written the file.</summary>
    private const int Much = 40 << 10;

    private string mountPoint = "";

    protected override TestFileSystem MakeFileSystem()
    {
        var made = TestFileSystem.Ext4WithQuotas();
        if (made is null)
            Assert.Ignore("this kernel has no disk quotas (CONFIG_QFMT_V2)");
        mountPoint = made!.MountPoint;
        return made;
    }

    [SetUp]
    public void Limit() =>
        TestFileSystem.Run("setquota", "-u", $"{User}", $"{Soft >> 10}", $"{Hard >> 10}", "0", "0", mountPoint);

    [Test]
    public void The_owners_quota_is_told()
    {
        byte[] file = MakeOwned("f", 100 << 10);
        ulong used = Get(file, FATTR4_QUOTA_USED, (ref XdrReader r) => r.U64());
        Assert.That(used, Is.InRange(100ul << 10, 120ul << 10));
        Assert.That(Get(file, FATTR4_QUOTA_AVAIL_HARD, (ref XdrReader r) => r.U64()), Is.EqualTo(Hard - used));
        Assert.That(Get(file, FATTR4_QUOTA_AVAIL_SOFT, (ref XdrReader r) => r.U64()), Is.EqualTo(Soft - used));
    }

    [Test]
    public void A_full_quota_is_DQUOT_and_not_for_others()
    {
        byte[] full = MakeOwned("full", Hard - (20 << 10)), other = MakeFile("other");
        File.SetUnixFileMode(Path.Combine(ExportPath, "other"), (UnixFileMode)0x1B6);
        Server.Channel.User = new TestUser(User, User);
        // What there is room for is written, and the next one refused.
        Write(full, Hard, Much);
        Assert.That(Write(full, 2 * Hard, Much), Is.EqualTo(nfsstat4.NFS4ERR_DQUOT));
        Assert.That(Get(full, FATTR4_QUOTA_AVAIL_HARD, (ref XdrReader r) => r.U64()), Is.LessThan(8 << 10));
        Assert.That(Write(other, 0, Much), Is.EqualTo(Ok), "the owner's quota counts, who is root");
    }

    private byte[] MakeOwned(string name, int length)
    {
        byte[] handle = MakeFile(name);
        string path = Path.Combine(ExportPath, name);
        File.WriteAllBytes(path, new byte[length]);
        TestFileSystem.Run("chown", $"{User}", path);
        TestFileSystem.Run("sync", "-f", path);
        return handle;
    }

    private nfsstat4 Write(byte[] handle, int offset, int length) => On(handle, OP_WRITE, (ref XdrWriter w) =>
    {
        w.Fixed(new byte[16]);
        w.U64((ulong)offset);
        w.U32((uint)stable_how4.UNSTABLE4);
        w.Opaque(new byte[length]);
    }, out _);
}

/// <summary>Where there are no user quotas, nothing is said of them.</summary>
public sealed class NoQuotaTests : SessionTestBase
{
    [TestCase(FATTR4_QUOTA_USED)]
    [TestCase(FATTR4_QUOTA_AVAIL_HARD)]
    [TestCase(FATTR4_QUOTA_AVAIL_SOFT)]
    public void They_are_not_supported(long attribute)
    {
        byte[] file = MakeFile("f");
        Assert.That(Get(file, attribute), Is.Null);
        Assert.That(Get(file, FATTR4_SUPPORTED_ATTRS, (ref XdrReader r) => AttributeSet.Read(ref r)).Has((int)attribute), Is.False);
    }
}
