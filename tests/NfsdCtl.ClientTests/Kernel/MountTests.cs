using static NfsdCtl.ClientTests.Kernel.Guests;

namespace NfsdCtl.ClientTests.Kernel;

public sealed class MountTests
{
    [TestCase("proto=tcp,mountproto=tcp")]
    [TestCase("proto=tcp,mountproto=udp")]
    public void Version_3_mounts_and_unmounts(string options)
    {
        var text = Run("c1", $"mkdir -p /mnt/t; mount -t nfs -o vers=3,{options} n2:/srv/stays /mnt/t; grep ' /mnt/t ' /proc/mounts; umount /mnt/t");
        Assert.That(text, Does.Contain("vers=3").And.Contain("n2:/srv/stays"));
    }

    [Test]
    public void An_unexported_directory_is_refused() =>
        Assert.That(Try("c1", "mkdir -p /mnt/t; mount -t nfs -o vers=3,retry=0 n2:/etc /mnt/t").Status, Is.Not.Zero);

    [Test]
    public void The_export_list_is_shown() => Assert.That(Run("c1", "showmount -e n1"), Does.Contain("/srv/moves").And.Contain("/srv/stays"));

    [Test]
    public void Sizes_of_the_filesystem_are_those_of_the_server()
    {
        // the client counts in blocks of its own: whole MiB are the same
        const string Size = "echo $(($(stat -f -c %b*%s {0}) >> 20)) $(stat -f -c %c {0})";
        Assert.That(Run("c1", Size.Replace("{0}", "/mnt/moves", StringComparison.Ordinal)), Is.EqualTo(Node("a", Size.Replace("{0}", "/srv/moves", StringComparison.Ordinal))));
    }
}
