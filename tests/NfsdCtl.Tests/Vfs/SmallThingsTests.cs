using NfsdCtl.Vfs;
using NfsdCtl.Vfs.Exports;
using NfsdCtl.Vfs.FileSystems;
using NfsdCtl.Vfs.Nodes;

namespace NfsdCtl.Tests.Vfs;

public sealed class SmallThingsTests
{
    [Test]
    public void Mountinfo_is_read_with_its_escapes_and_optional_fields()
    {
        var entries = MountTable.Parse(
            "27 1 254:0 / / rw,relatime shared:1 master:2 - ext4 /dev/vda rw\n"
            + "36 27 0:31 /sub /mnt/with\\040blank rw - tmpfs none rw,size=4k\nbroken line\n");
        Assert.That(entries, Is.EqualTo(new[]
        {
            new MountEntry(27, 1, "254:0", "/", "/", "ext4", "/dev/vda", "rw"),
            new MountEntry(36, 27, "0:31", "/sub", "/mnt/with blank", "tmpfs", "none", "rw,size=4k"),
        }));
        Assert.That((entries[1].HasOption("rw"), entries[1].HasOption("size")), Is.EqualTo((true, false)));
    }

    [TestCase("/a/b", "/a", true)]
    [TestCase("/a", "/a", true)]
    [TestCase("/ab", "/a", false)]
    [TestCase("/a", "/", true)]
    public void A_path_is_below_whole_names_only(string path, string directory, bool below) =>
        Assert.That(MountTable.IsBelow(path, directory), Is.EqualTo(below));

    [TestCase(Squash.Root, 0u, 0u, 65534u, 65534u, 65534u)]
    [TestCase(Squash.Root, 5u, 0u, 5u, 65534u, 65534u)]
    [TestCase(Squash.None, 0u, 0u, 0u, 0u, 0u)]
    public void Squashing_replaces_roots_ids_each_for_itself(Squash squash, uint uid, uint gid, uint newUid, uint newGid, uint newGroup)
    {
        var credential = Squasher.Apply(uid, gid, [0, 7], new ExportOptions { Squash = squash });
        Assert.That((credential.Uid, credential.Gid), Is.EqualTo((newUid, newGid)));
        Assert.That(credential.Groups.ToArray(), Is.EqualTo(new[] { newGroup, 7u }));
    }

    [Test]
    public void All_squash_leaves_nothing()
    {
        var credential = Squasher.Apply(5, 6, [7], new ExportOptions { Squash = Squash.All, AnonUid = 100, AnonGid = 101 });
        Assert.That((credential.Uid, credential.Gid, credential.GroupCount), Is.EqualTo((100u, 101u, 0)));
    }

    [Test]
    public void Credentials_differ_by_any_group()
    {
        var one = new Credential(1, 2, [3, 4]);
        Assert.That(one, Is.EqualTo(new Credential(1, 2, [3, 4])));
        Assert.That(one, Is.Not.EqualTo(new Credential(1, 2, [3, 5])));
        Assert.That(one, Is.Not.EqualTo(new Credential(1, 2, [3])));
        Assert.That(new Credential(1, 2, Enumerable.Range(0, 100).Select(i => (uint)i).ToArray()).GroupCount, Is.EqualTo(Credential.MaxGroups));
    }

    [TestCase(0UL, 0UL, 0L, 0L)]
    [TestCase(5UL, 10UL, 5L, 10L)]
    [TestCase(5UL, ulong.MaxValue, 5L, 0L)]
    [TestCase(long.MaxValue + 1UL, 1UL, long.MaxValue, 0L)]
    [TestCase(1UL, (ulong)long.MaxValue, 1L, 0L)]
    public void Lock_ranges_beyond_the_kernels_are_covered(ulong start, ulong length, long kernelStart, long kernelLength) =>
        Assert.That(new LocalRange(start, length).Clamp(), Is.EqualTo((kernelStart, kernelLength)));

    [Test]
    public void Every_errno_has_a_status()
    {
        for (int errno = 1; errno < 134; errno++)
            Assert.That(ErrnoMap.ToStatus(errno), Is.Not.EqualTo(VfsStatus.Ok), $"errno {errno}");
        Assert.That(ErrnoMap.ToStatus(0), Is.EqualTo(VfsStatus.Ok));
    }

    [Test]
    public void A_failed_sync_fails_for_its_callers_and_not_for_the_next()
    {
        var group = new SyncGroup();
        Assert.That(group.Run(_ => 5, 0), Is.EqualTo(5));
        Assert.That(group.Run(_ => 0, 0), Is.EqualTo(0));
    }

    [Test]
    public void Syncs_that_wait_while_one_runs_are_one()
    {
        var group = new SyncGroup();
        using var inside = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        int runs = 0;
        int Sync(int _)
        {
            if (Interlocked.Increment(ref runs) == 1)
            {
                inside.Set();
                go.Wait();
            }
            return 0;
        }
        var first = new Thread(() => group.Run(Sync, 0));
        first.Start();
        inside.Wait();
        var others = Enumerable.Range(0, 8).Select(_ => new Thread(() => group.Run(Sync, 0))).ToArray();
        foreach (var thread in others)
            thread.Start();
        // Each is in the group's wait before the first sync ends, so one more sync serves them all.
        SpinWait.SpinUntil(() => others.All(t => t.ThreadState.HasFlag(ThreadState.WaitSleepJoin)), TimeSpan.FromSeconds(10));
        go.Set();
        foreach (var thread in others.Append(first))
            thread.Join();
        Assert.That(runs, Is.EqualTo(2));
    }
}
