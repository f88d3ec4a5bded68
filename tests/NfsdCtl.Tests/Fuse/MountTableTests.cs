using NfsdCtl.Fuse;

namespace NfsdCtl.Tests.Fuse;

public sealed class MountTableTests
{
    private const string Text = """
        22 1 0:20 / / rw,relatime shared:1 - ext4 /dev/vda rw
        30 22 0:40 / /run/nfsd\040ctl rw,nosuid - fuse.nfsdctl nfsdctl@1.2 rw,user_id=0
        31 30 0:41 / /run/nfsd\040ctl rw shared:7 master:1 - tmpfs a\134b rw
        not a mount
        32 22 0:42 / /x
        """;

    [Test]
    public void Lines_are_understood_with_any_number_of_optional_fields() => Assert.That(MountTable.Parse(Text), Is.EqualTo(new[]
    {
        new MountEntry(22, 1, "/", "ext4", "/dev/vda"),
        new MountEntry(30, 22, "/run/nfsd ctl", "fuse.nfsdctl", "nfsdctl@1.2"),
        new MountEntry(31, 30, "/run/nfsd ctl", "tmpfs", "a\\b"),
    }));

    [Test]
    public void The_later_mount_hides_the_earlier() =>
        Assert.That(MountTable.TopAt(MountTable.Parse(Text), "/run/nfsd ctl")?.Type, Is.EqualTo("tmpfs"));

    [Test]
    public void Only_the_very_directory_counts()
    {
        Assert.That(MountTable.TopAt(MountTable.Parse(Text), "/run"), Is.Null);
        Assert.That(MountTable.TopAt(MountTable.Parse(Text), "/run/nfsd ct"), Is.Null);
    }
}
