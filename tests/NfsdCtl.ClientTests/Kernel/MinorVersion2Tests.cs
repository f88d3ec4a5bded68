using System.Globalization;
using NfsdCtl.TestKit;
using static NfsdCtl.ClientTests.Kernel.Guests;

namespace NfsdCtl.ClientTests.Kernel;

/// <summary>What minor version 2 brought, by the programs that use it: holes, copies, clones and extended attributes. One export is on XFS, which clones.</summary>
public sealed class MinorVersion2Tests
{
    private const string Ext4 = "/mnt/4.2/moves";
    private const string Xfs = "/mnt/4.2/clones";
    private static readonly string[] Places = [Ext4, Xfs];

    private bool hasXfs;

    [OneTimeSetUp]
    public void Mount()
    {
        OursOnly();
        MountVersion("4.2");
        var packages = Shell.Run(TimeSpan.FromMinutes(2), null, "sh", "-c", ". scripts/lib/packages.sh; packages_need xfsprogs attr");
        Assert.That(packages.Status, Is.Zero, packages.ToString());
        if (!File.ReadAllText("/proc/filesystems").Contains("\txfs\n", StringComparison.Ordinal) && Shell.Run(TimeSpan.FromSeconds(20), null, "modprobe", "xfs").Status != 0)
            return;
        Node("a", """
            cd /var/lib/nfs/nodes; truncate -s 320M clones.img; mkfs.xfs -q -m reflink=1 clones.img; mkdir /srv/clones
            mount -o loop clones.img /srv/clones; echo "/srv/clones *(rw,sync,no_subtree_check,no_root_squash,insecure)" >/run/nfsdctl/export
            """);
        foreach (string guest in new[] { "c1", "c2" })
            Run(guest, $"mkdir -p {Xfs}; mount -t nfs -o vers=4.2,proto=tcp,noac n2:/srv/clones {Xfs}");
        hasXfs = true;
    }

    [OneTimeTearDown]
    public void Unmount()
    {
        if (hasXfs)
        {
            foreach (string guest in new[] { "c1", "c2" })
                Run(guest, $"umount {Xfs}");
            Node("a", "echo /srv/clones >/run/nfsdctl/unexport; echo /srv/clones >/run/nfsdctl/unlock_filesystem; umount /srv/clones; rmdir /srv/clones; rm /var/lib/nfs/nodes/clones.img");
        }

        UnmountVersion("4.2");
    }

    [TearDown]
    public void Clean() => Run("c1", $"rm -f {Ext4}/v2.* {(hasXfs ? $"{Xfs}/v2.*" : "")}");

    private void Needs(string place)
    {
        if (place == Xfs && !hasXfs)
            Assert.Ignore("the kernel of this machine has no XFS");
    }

    [TestCaseSource(nameof(Places))]
    public void Holes_are_punched_and_found(string place)
    {
        Needs(place);
        Run("c1", $"dd if=/dev/urandom of={place}/v2.f bs=1M count=1 conv=fsync 2>/dev/null; fallocate -p -o 64K -l 512K {place}/v2.f");
        Assert.That(Steps("c2", $"lk {place}/v2.f data:0 hole:0 data:65536 hole:589824"), Is.EqualTo(["ok 0", "ok 65536", "ok 589824", "ok 1048576"]));
        Assert.That(Blocks($"{place}/v2.f"), Is.LessThanOrEqualTo(1100), "of 512 bytes, on the server");
        Assert.That(Run("c2", $"dd if={place}/v2.f bs=64K skip=1 count=8 2>/dev/null | tr -d '\\0' | wc -c; stat -c %s {place}/v2.f"), Is.EqualTo("0\n1048576"));
    }

    [TestCaseSource(nameof(Places))]
    public void Space_is_reserved(string place)
    {
        Needs(place);
        Run("c1", $"fallocate -l 2M {place}/v2.f; fallocate -o 2M -l 2M {place}/v2.f");
        Assert.That(Run("c2", $"stat -c %s {place}/v2.f"), Is.EqualTo("4194304"));
        Assert.That(Blocks($"{place}/v2.f"), Is.GreaterThanOrEqualTo(8192));
    }

    [TestCaseSource(nameof(Places))]
    public void A_sparse_copy_has_the_holes_and_every_byte(string place)
    {
        Needs(place);
        Run("c1", $"cd {place}; truncate -s 8M v2.f; printf one | dd of=v2.f bs=1 seek=1000000 conv=notrunc 2>/dev/null; printf two | dd of=v2.f bs=1 seek=7000000 conv=notrunc 2>/dev/null");
        Run("c1", $"cd {place}; cp --sparse=always v2.f v2.always; dd if=v2.f of=v2.full bs=1M 2>/dev/null; cp --sparse=always --reflink=never v2.full v2.dug; cp --sparse=auto --reflink=never v2.f v2.auto; sync", 90);
        Assert.That(Run("c2", $"cd {place}; md5sum <v2.f; for f in always dug auto; do md5sum <v2.$f; done", 90).Split('\n').Distinct().Count(), Is.EqualTo(1));
        Assert.Multiple(() =>
        {
            Assert.That(Blocks($"{place}/v2.full"), Is.GreaterThanOrEqualTo(16384));
            foreach (string name in new[] { "always", "auto" })
                Assert.That(Blocks($"{place}/v2.{name}"), Is.LessThan(1024), name);
            // cp looks for zeros in steps of what it reads at once, 1 MiB here
            Assert.That(Blocks($"{place}/v2.dug"), Is.LessThan(4096 + 1024));
        });
    }

    [Test]
    public void A_clone_shares_its_blocks_until_it_is_written()
    {
        Needs(Xfs);
        Run("c1", $"cd {Xfs}; dd if=/dev/urandom of=v2.f bs=1M count=4 conv=fsync 2>/dev/null; cp --reflink=always v2.f v2.clone");
        Assert.That(Run("c2", $"cd {Xfs}; cmp v2.f v2.clone && echo same"), Is.EqualTo("same"));
        Assert.That(Node("a", "filefrag -v /srv/clones/v2.clone"), Does.Contain("shared"));
        Run("c1", $"cd {Xfs}; printf changed | dd of=v2.clone conv=notrunc,fsync 2>/dev/null");
        Assert.That(Run("c2", $"cd {Xfs}; head -c 7 v2.clone; echo; cmp v2.f v2.clone >/dev/null || echo apart; for f in v2.f v2.clone; do tail -c +4097 $f | md5sum; done | uniq | wc -l"), Is.EqualTo("changed\napart\n1"));
    }

    [Test]
    public void Where_nothing_is_cloned_a_copy_is_made()
    {
        Run("c1", $"cd {Ext4}; dd if=/dev/urandom of=v2.f bs=1M count=4 conv=fsync 2>/dev/null");
        Assert.That(Try("c1", $"cd {Ext4}; cp --reflink=always v2.f v2.no").Errors, Does.Contain("not supported"));
        Run("c1", $"cd {Ext4}; cp --reflink=auto v2.f v2.copy");
        Assert.That(Run("c2", $"cd {Ext4}; cmp v2.f v2.copy && echo same"), Is.EqualTo("same"));
        Assert.That(Run("c1", "grep -A 100 'mounted on /mnt/4.2/moves ' /proc/self/mountstats | awk '$1 == \"COPY:\" { print ($2 > 0); exit }'"), Is.EqualTo("1"), "the server copied");
    }

    [TestCaseSource(nameof(Places))]
    public void Extended_attributes_are_those_of_the_file(string place)
    {
        Needs(place);
        string big = new('v', 700);
        Run("c1", $"cd {place}; : >v2.f; setfattr -n user.kind -v text v2.f; setfattr -n user.big -v {big} v2.f; setfattr -n user.empty v2.f");
        Assert.That(Run("c2", $"cd {place}; getfattr v2.f | grep user | sort | xargs; getfattr -n user.kind --only-values v2.f; echo; getfattr -n user.big --only-values v2.f | wc -c"), Is.EqualTo("user.big user.empty user.kind\ntext\n700"));
        Assert.That(Node("a", $"getfattr -n user.kind --only-values {OnServer(place)}/v2.f"), Is.EqualTo("text"));
        Node("a", $"setfattr -n user.local -v here {OnServer(place)}/v2.f");
        Assert.That(Run("c1", $"cd {place}; getfattr -n user.local --only-values v2.f; setfattr -n user.kind -v other v2.f; setfattr -x user.empty v2.f"), Is.EqualTo("here"));
        Assert.That(Run("c2", $"cd {place}; getfattr -n user.kind --only-values v2.f"), Is.EqualTo("other"));
        Assert.That(Try("c2", $"cd {place}; getfattr -n user.empty v2.f").Errors, Does.Contain("No such attribute"));
        Assert.That(Try("c1", $"cd {place}; setfattr -n trusted.kind -v text v2.f").Status, Is.Not.Zero);
    }

    [Test]
    public void Extended_attributes_need_the_permissions_of_the_file()
    {
        Run("c1", $"cd {Ext4}; : >v2.f; chmod 644 v2.f; setfattr -n user.kind -v text v2.f");
        Assert.That(Run("c1", $"cd {Ext4}; setpriv --reuid 1001 --regid 1001 --clear-groups getfattr -n user.kind --only-values v2.f"), Is.EqualTo("text"));
        Assert.That(Try("c1", $"cd {Ext4}; setpriv --reuid 1001 --regid 1001 --clear-groups setfattr -n user.kind -v mine v2.f").Errors, Does.Contain("Permission denied"));
    }

    /// <summary>The results of lk, without the times and the steps.</summary>
    private static string[] Steps(string guest, string command) => [.. Run(guest, command).Split('\n').Select(l => string.Join(' ', l.Split(' ')[2..]))];

    private static long Blocks(string file) => long.Parse(Node("a", $"stat -c %b {OnServer(file)}"), CultureInfo.InvariantCulture);

    private static string OnServer(string path) => "/srv" + path["/mnt/4.2".Length..];
}
