using static NfsdCtl.ClientTests.Kernel.Guests;

namespace NfsdCtl.ClientTests.Kernel;

/// <summary>File operations of the kernel client, seen from the other client or on the server's disk.</summary>
[TestFixture("3")]
[TestFixture("4.0")]
[TestFixture("4.1")]
[TestFixture("4.2")]
public sealed class FileTests(string version)
{
    private string directory = "";

    private string Seen => MountsOf(version) + "/moves";

    [OneTimeSetUp]
    public void Mount() => MountVersion(version);

    [OneTimeTearDown]
    public void Unmount() => UnmountVersion(version);

    [SetUp]
    public void MakeDirectory() => Run("c1", $"mkdir {directory = $"{Seen}/{TestContext.CurrentContext.Test.ID}"}");

    [TearDown]
    public void RemoveDirectory() => Run("c1", $"rm -rf {directory}");

    private string OnServer => "/srv" + directory[MountsOf(version).Length..];

    [Test]
    public void Create_rename_and_unlink_are_seen_by_the_other_client()
    {
        Run("c1", $"cd {directory}; echo one >a; echo two >b; mv a c; mv c b");
        Assert.That(Run("c2", $"cd {directory}; ls; cat b"), Is.EqualTo("b\none"));
        Run("c2", $"rm {directory}/b");
        Assert.That(Run("c1", $"ls {directory} | wc -l"), Is.EqualTo("0"));
    }

    [Test]
    public void A_directory_of_3000_names_is_listed_once_each()
    {
        Node("a", $"cd {OnServer}; for i in $(seq 3000); do : >entry-with-a-rather-long-name-$i; done");
        Assert.That(Run("c2", $"cd {directory}; ls -f | grep -c entry; ls -f | sort | uniq -d | wc -l; ls -l | grep -c rather"), Is.EqualTo("3000\n0\n3000"));
        // there, since each removal by a client waits for the disk
        Node("a", $"rm -rf {OnServer}");
    }

    [Test]
    public void A_large_file_keeps_every_byte()
    {
        Run("c1", $"dd if=/dev/urandom of={directory}/big bs=1M count=64 conv=fsync 2>/dev/null", 120);
        var sum = Node("a", $"md5sum <{OnServer}/big");
        Run("c1", "echo 3 >/proc/sys/vm/drop_caches");
        Assert.That(Run("c1", $"md5sum <{directory}/big", 120), Is.EqualTo(sum));
        Assert.That(Run("c2", $"md5sum <{directory}/big", 120), Is.EqualTo(sum));
    }

    [Test]
    public void Offsets_above_4_GiB_work()
    {
        Run("c1", $"printf high | dd of={directory}/f bs=1 seek=5368709120 conv=notrunc 2>/dev/null");
        Assert.That(Run("c2", $"stat -c %s {directory}/f; tail -c 4 {directory}/f"), Is.EqualTo("5368709124\nhigh"));
    }

    [Test]
    public void Appending_and_truncating()
    {
        Run("c1", $"cd {directory}; echo one >f; echo two >>f; truncate -s 6 f; echo x >>f");
        Assert.That(Run("c2", $"cat {directory}/f"), Is.EqualTo("one\ntwx"));
    }

    [Test]
    public void Modes_owners_and_times()
    {
        Run("c1", $"cd {directory}; : >f; chmod 4751 f; chown 1001:1002 f; touch -d 2001-02-03T04:05:06.789Z f; chmod 4751 f");
        Assert.That(Run("c2", $"stat -c '%a %u %g %Y' {directory}/f"), Is.EqualTo("4751 1001 1002 981173106"));
    }

    [Test]
    public void Symbolic_and_hard_links()
    {
        Run("c1", $"cd {directory}; echo text >f; ln -s f soft; ln f hard; ln -sfn /etc/hostname /outside; ln -s /outside/../etc abs");
        Assert.That(Run("c2", $"cd {directory}; readlink soft abs; cat soft hard; stat -c %h f"), Is.EqualTo("f\n/outside/../etc\ntext\ntext\n2"));
    }

    [Test]
    public void Special_files()
    {
        Run("c1", $"cd {directory}; mkfifo p; mknod c c 5 1; mknod b b 7 200");
        Assert.That(Node("a", $"cd {OnServer}; stat -c \"%F %t %T\" p c b"), Is.EqualTo("fifo 0 0\ncharacter special file 5 1\nblock special file 7 c8"));
    }

    [Test]
    public void Long_and_odd_names()
    {
        var name = new string('n', 255);
        Run("c1", $"cd {directory}; : >{name}; : >$'tab\\there \\xff \\'quoted\\''");
        Assert.That(Run("c2", $"cd {directory}; ls -f | awk 'length == 255' | wc -l; [ -e $'tab\\there \\xff \\'quoted\\'' ] && echo odd"), Is.EqualTo("1\nodd"));
        Assert.That(Try("c1", $": >{directory}/{name}n").Errors, Does.Contain("too long"));
    }

    [Test]
    public void Users_are_held_to_the_permissions_of_the_server()
    {
        Run("c1", $"cd {directory}; echo secret >f; chmod 600 f; chmod 755 .");
        // setpriv asks nobody: the client's own checks pass, the server's do not
        Assert.That(Try("c1", $"setpriv --reuid 1001 --regid 1001 --clear-groups cat {directory}/f").Errors, Does.Contain("Permission denied"));
        Assert.That(Try("c1", $"setpriv --reuid 1001 --regid 1001 --clear-groups touch {directory}/g").Errors, Does.Contain("Permission denied"));
        Run("c1", $"cd {directory}; chgrp 1003 f; chmod 640 f");
        Assert.That(Run("c1", $"setpriv --reuid 1001 --regid 1001 --groups 1002,1003 cat {directory}/f"), Is.EqualTo("secret"));
    }

    [Test]
    public void The_records_of_the_server_are_invisible()
    {
        OursOnly();
        Assert.That(Run("c1", $"ls -a {Seen}"), Does.Not.Contain(".nfsdctl"));
        Assert.That(Try("c1", $"ls {Seen}/.nfsdctl").Status, Is.Not.Zero);
        Assert.That(Try("c1", $"mkdir {Seen}/.nfsdctl").Status, Is.Not.Zero);
    }
}
