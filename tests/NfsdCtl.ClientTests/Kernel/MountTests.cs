using System.Globalization;
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
        var sizes = new[] { Run("c1", "stat -f -c '%b %s %c' /mnt/moves"), Node("a", "stat -f -c \"%b %s %c\" /srv/moves") }
            .Select(t => t.Split(' ').Select(w => long.Parse(w, CultureInfo.InvariantCulture)).ToArray()).ToArray();
        // the client counts in larger blocks of its own, rounded down
        Assert.That(sizes[0][0] * sizes[0][1], Is.EqualTo(sizes[1][0] * sizes[1][1]).Within(sizes[0][1]));
        Assert.That(sizes[0][2], Is.EqualTo(sizes[1][2]), "names in all");
    }
}
