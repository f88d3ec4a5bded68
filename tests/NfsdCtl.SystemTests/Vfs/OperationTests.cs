using System.Text;
using NfsdCtl.Linux;
using NfsdCtl.TestKit.FileSystems;
using NfsdCtl.Vfs;
using NfsdCtl.Vfs.Exports;
using NfsdCtl.Vfs.FileSystems;

namespace NfsdCtl.SystemTests.Vfs;

[TestFixture("tmpfs")]
[TestFixture("ext4")]
public sealed class OperationTests(string type) : VfsTestBase(type)
{
    [Test]
    public void An_export_counts_what_it_read_wrote_and_missed() => Run(() =>
    {
        using var root = Mount(0);
        Assert.That(Create(root, "f", out var file), Is.EqualTo(VfsStatus.Ok));
        Write(file, 0, "0123456789");
        Read(file, 4, 100, out _, out _);
        Assert.That(Files.OpenForRead(file, 8, 100, out var lease, out _), Is.EqualTo(VfsStatus.Ok));
        lease.Dispose();
        byte[] handle = HandleOf(file);
        file.Dispose();
        Assert.That(Files.Remove(root, "f"u8, out _), Is.EqualTo(VfsStatus.Ok));
        Assert.That(Resolve(handle, 0, out _), Is.EqualTo(VfsStatus.Stale));
        var counted = root.Export.Counters;
        Assert.That((counted.BytesWritten, counted.BytesRead, counted.StaleHandles), Is.EqualTo((10L, 8L, 1L)));
    });

    [Test]
    public void Create_knows_its_three_ways() => Run(() =>
    {
        using var root = Mount(AliceId);
        Assert.That(Create(root, "f", out var first, CreateHow.Guarded), Is.EqualTo(VfsStatus.Ok));
        Assert.That(Write(first, 0, "12345"), Is.EqualTo(VfsStatus.Ok));
        Assert.That(Create(root, "f", out _, CreateHow.Guarded), Is.EqualTo(VfsStatus.Exist));
        Assert.That(Create(root, "f", out var again, CreateHow.Unchecked), Is.EqualTo(VfsStatus.Ok));
        Assert.That(again.Key, Is.EqualTo(first.Key));
        again.Dispose();
        Assert.That(Files.Create(root, "f"u8, CreateHow.Unchecked, new SetAttributes { Size = 0 }, 0, out again, out var attributes, out var wcc), Is.EqualTo(VfsStatus.Ok));
        Assert.That(attributes.Size, Is.Zero);
        Assert.That(wcc.HasBefore && wcc.HasAfter, Is.True);
        again.Dispose();
        first.Dispose();
        ThreadIdentity.BecomeRoot();
        Directory.CreateDirectory(Path.Combine(Root, "d"));
        Assert.That(Create(root, "d", out _, CreateHow.Unchecked), Is.EqualTo(VfsStatus.Exist));
    });

    [Test]
    public void An_exclusive_create_is_repeatable_also_after_a_restart() => Run(() =>
    {
        FileKey key;
        using (var root = Mount(AliceId))
        {
            Assert.That(Create(root, "f", out var made, CreateHow.Exclusive, verifier: 0xFEDCBA98_87654321), Is.EqualTo(VfsStatus.Ok));
            key = made.Key;
            made.Dispose();
        }
        Serve($"{Root} *(rw,insecure{FsIdOption})\n");
        using var later = Mount(AliceId);
        Assert.That(Create(later, "f", out var again, CreateHow.Exclusive, verifier: 0xFEDCBA98_87654321), Is.EqualTo(VfsStatus.Ok));
        Assert.That(again.Key, Is.EqualTo(key));
        again.Dispose();
        Assert.That(Create(later, "f", out _, CreateHow.Exclusive, verifier: 0xFEDCBA98_87654322), Is.EqualTo(VfsStatus.Exist));
    });

    [Test]
    public void Names_may_be_any_bytes_but_slash_and_nul() => Run(() =>
    {
        using var root = Mount(AliceId);
        byte[] odd = [.. Enumerable.Range(1, 255).Select(i => (byte)i).Where(b => b != '/')];
        Assert.That(Files.Create(root, odd, CreateHow.Guarded, default, 0, out var file, out _, out _), Is.EqualTo(VfsStatus.Ok));
        file.Dispose();
        Assert.That(Files.Lookup(root, odd, out file, out _), Is.EqualTo(VfsStatus.Ok));
        file.Dispose();
        Assert.That(Files.Remove(root, odd, out _), Is.EqualTo(VfsStatus.Ok));
        Assert.That(Create(root, new string('n', 255), out file), Is.EqualTo(VfsStatus.Ok));
        file.Dispose();
        Assert.That(Create(root, new string('n', 256), out _), Is.EqualTo(VfsStatus.NameTooLong));
        Assert.That(Create(root, "a/b", out _), Is.EqualTo(VfsStatus.Access));
        Assert.That(Create(root, "a\0b", out _), Is.EqualTo(VfsStatus.Access));
        Assert.That(Create(root, ".", out _), Is.EqualTo(VfsStatus.Exist));
        Assert.That(Create(root, "..", out _), Is.EqualTo(VfsStatus.Exist));
    });

    [Test]
    public void Offsets_are_64_bits() => Run(() =>
    {
        using var root = Mount(AliceId);
        Assert.That(Create(root, "big", out var file), Is.EqualTo(VfsStatus.Ok));
        const ulong Far = 5UL << 30;
        Assert.That(Write(file, Far, "far"), Is.EqualTo(VfsStatus.Ok));
        Assert.That(Files.GetAttr(file, out var attributes), Is.EqualTo(VfsStatus.Ok));
        Assert.That(attributes.Size, Is.EqualTo(Far + 3));
        Assert.That(Read(file, Far, 100, out string data, out bool end), Is.EqualTo(VfsStatus.Ok));
        Assert.That((data, end), Is.EqualTo(("far", true)));
        Assert.That(Read(file, Far, 2, out data, out end), Is.EqualTo(VfsStatus.Ok));
        Assert.That((data, end), Is.EqualTo(("fa", false)));
        Assert.That(Read(file, ulong.MaxValue, 100, out data, out end), Is.EqualTo(VfsStatus.Ok));
        Assert.That((data, end), Is.EqualTo(("", true)));
        Assert.That(Write(file, long.MaxValue, "x"), Is.EqualTo(VfsStatus.FBig));
        Assert.That(Write(file, ulong.MaxValue, "x"), Is.EqualTo(VfsStatus.FBig));
        Assert.That(Files.SetAttr(file, new SetAttributes { Size = ulong.MaxValue }, out _), Is.EqualTo(VfsStatus.FBig));
        file.Dispose();
    });

    [Test]
    public void Setattr_sets_everything_and_heeds_its_guard() => Run(() =>
    {
        using var root = Mount(0);
        Assert.That(Create(root, "f", out var file), Is.EqualTo(VfsStatus.Ok));
        var set = new SetAttributes
        {
            Mode = 0xDB5,
            Uid = AliceId,
            Gid = BobId,
            Size = 1000,
            SetAtime = SetTime.ToClientTime,
            Atime = new VfsTime(1_000_000_000, 1),
            SetMtime = SetTime.ToClientTime,
            Mtime = new VfsTime(1_500_000_000, 999_999_999),
        };
        Assert.That(Files.SetAttr(file, set, out var wcc), Is.EqualTo(VfsStatus.Ok));
        var after = wcc.After;
        Assert.That((after.Mode, after.Uid, after.Gid, after.Size), Is.EqualTo((0xDB5u, AliceId, BobId, 1000UL)));
        Assert.That((after.Atime, after.Mtime), Is.EqualTo((set.Atime, set.Mtime)));
        Assert.That(Files.SetAttr(file, new SetAttributes { Mode = 0, GuardCtime = new VfsTime(1, 2) }, out wcc), Is.EqualTo(VfsStatus.NotSync));
        Assert.That(wcc.After.Mode, Is.EqualTo(0xDB5));
        Assert.That(Files.SetAttr(file, new SetAttributes { Mode = 0x1A4, GuardCtime = after.Ctime }, out wcc), Is.EqualTo(VfsStatus.Ok));
        Assert.That(wcc.After.Mode, Is.EqualTo(0x1A4));
        Assert.That((wcc.HasBefore, wcc.CtimeBefore, wcc.SizeBefore), Is.EqualTo((true, after.Ctime, 1000UL)));
        file.Dispose();
    });

    [Test]
    public void Links_nodes_and_directories_are_made_and_removed() => Run(() =>
    {
        using var root = Mount(0);
        Assert.That(Files.MakeDirectory(root, "d"u8, new SetAttributes { Mode = 0x3FF }, out var directory, out var attributes, out _), Is.EqualTo(VfsStatus.Ok));
        Assert.That((attributes.Type, attributes.Mode), Is.EqualTo((FileType.Directory, 0x3FFu)));
        Assert.That(Files.MakeSymlink(directory, "l"u8, "to/where"u8, default, out var link, out attributes, out _), Is.EqualTo(VfsStatus.Ok));
        Assert.That(attributes.Type, Is.EqualTo(FileType.Symlink));
        byte[] target = new byte[100];
        Assert.That(Files.ReadLink(link, target, out int length, out _), Is.EqualTo(VfsStatus.Ok));
        Assert.That(Encoding.UTF8.GetString(target, 0, length), Is.EqualTo("to/where"));
        Assert.That(Files.ReadLink(link, target.AsSpan(0, 3), out _, out _), Is.EqualTo(VfsStatus.TooSmall));
        Assert.That(Files.ReadLink(directory, target, out _, out _), Is.EqualTo(VfsStatus.Inval));
        link.Dispose();
        Assert.That(Files.MakeNode(directory, "p"u8, FileType.Fifo, 0, 0, new SetAttributes { Mode = 0x180 }, out var fifo, out attributes, out _), Is.EqualTo(VfsStatus.Ok));
        Assert.That((attributes.Type, attributes.Mode), Is.EqualTo((FileType.Fifo, 0x180u)));
        Assert.That(Read(fifo, 0, 10, out _, out _), Is.EqualTo(VfsStatus.Inval));
        fifo.Dispose();
        Assert.That(Files.MakeNode(directory, "c"u8, FileType.CharacterDevice, 300, 70000, default, out var device, out attributes, out _), Is.EqualTo(VfsStatus.Ok));
        Assert.That((attributes.DeviceMajor, attributes.DeviceMinor), Is.EqualTo((300u, 70000u)));
        device.Dispose();
        Assert.That(Files.MakeNode(directory, "x"u8, FileType.Regular, 0, 0, default, out _, out _, out _), Is.EqualTo(VfsStatus.BadType));
        Assert.That(Files.Remove(root, "d"u8, out _), Is.EqualTo(VfsStatus.IsDir));
        Assert.That(Files.RemoveDirectory(root, "d"u8, out _), Is.EqualTo(VfsStatus.NotEmpty));
        Assert.That(Files.RemoveDirectory(directory, "."u8, out _), Is.EqualTo(VfsStatus.Inval));
        Assert.That(Files.RemoveDirectory(directory, ".."u8, out _), Is.EqualTo(VfsStatus.Exist));
        foreach (string name in new[] { "l", "p", "c" })
            Assert.That(Files.Remove(directory, Encoding.UTF8.GetBytes(name), out _), Is.EqualTo(VfsStatus.Ok));
        Assert.That(Files.RemoveDirectory(directory, "l"u8, out _), Is.EqualTo(VfsStatus.NoEnt));
        directory.Dispose();
        Assert.That(Files.RemoveDirectory(root, "d"u8, out var wcc), Is.EqualTo(VfsStatus.Ok));
        Assert.That(wcc.After.LinkCount, Is.EqualTo(3).Or.EqualTo(4), ".nfsdctl, and lost+found on ext4, are directories too");
    });

    [Test]
    public void Rename_and_link_stay_within_their_export() => Run(() =>
    {
        foreach (string name in new[] { "one", "two" })
            Directory.CreateDirectory(Path.Combine(Root, name));
        Serve($"{Root}/one *(rw,insecure,no_root_squash{FsIdOption})\n{Root}/two *(rw,insecure,no_root_squash{FsIdOption})\n");
        using var one = Mount(0, Root + "/one");
        using var two = Mount(0, Root + "/two");
        Assert.That(Create(one, "f", out var file), Is.EqualTo(VfsStatus.Ok));
        Assert.That(Files.Rename(one, "f"u8, two, "f"u8, out _, out _), Is.EqualTo(VfsStatus.XDev));
        Assert.That(Files.Link(file, two, "g"u8, out _, out _), Is.EqualTo(VfsStatus.XDev));
        Assert.That(Files.Link(file, one, "g"u8, out var attributes, out _), Is.EqualTo(VfsStatus.Ok));
        Assert.That(attributes.LinkCount, Is.EqualTo(2));
        Assert.That(Files.Link(file, one, "g"u8, out _, out _), Is.EqualTo(VfsStatus.Exist));
        Assert.That(Create(one, "h", out var victim), Is.EqualTo(VfsStatus.Ok));
        byte[] victimHandle = HandleOf(victim);
        victim.Dispose();
        Assert.That(Files.Rename(one, "f"u8, one, "h"u8, out var from, out var to), Is.EqualTo(VfsStatus.Ok));
        Assert.That(from.HasBefore && from.HasAfter && to.HasBefore && to.HasAfter, Is.True);
        Assert.That(Lookup(one, "f"), Is.EqualTo(VfsStatus.NoEnt));
        Assert.That(Resolve(victimHandle, 0, out _), Is.EqualTo(VfsStatus.Stale));
        Assert.That(Files.Rename(one, "."u8, one, "x"u8, out _, out _), Is.EqualTo(VfsStatus.Inval));
        Assert.That(Files.Rename(one, "none"u8, one, "x"u8, out _, out _), Is.EqualTo(VfsStatus.NoEnt));
        file.Dispose();
    });

    [Test]
    public void A_removed_file_gives_its_room_back() => Run(() =>
    {
        using var root = Mount(0);
        Assert.That(Files.FsStat(root, out var before, out _), Is.EqualTo(VfsStatus.Ok));
        Assert.That(Create(root, "f", out var file), Is.EqualTo(VfsStatus.Ok));
        byte[] data = new byte[1 << 20];
        for (int i = 0; i < 20; i++)
            Assert.That(Files.Write(file, (ulong)i << 20, data, StableHow.Unstable, out _, out _, out _), Is.EqualTo(VfsStatus.Ok));
        Assert.That(Files.Commit(file, 0, 0, out _), Is.EqualTo(VfsStatus.Ok));
        file.Dispose();
        Assert.That(Files.FsStat(root, out var full, out _), Is.EqualTo(VfsStatus.Ok));
        Assert.That(full.FreeBytes, Is.LessThan(before.FreeBytes - (19UL << 20)));
        Assert.That(Files.Remove(root, "f"u8, out _), Is.EqualTo(VfsStatus.Ok));
        Assert.That(Files.FsStat(root, out var after, out _), Is.EqualTo(VfsStatus.Ok));
        Assert.That(after.FreeBytes, Is.GreaterThan(full.FreeBytes + (19UL << 20)));
    });

    [Test]
    public void A_large_directory_under_change_shows_every_lasting_name_once() => Run(() =>
    {
        const int Lasting = 10_000;
        string path = Path.Combine(Root, "many");
        Directory.CreateDirectory(path);
        for (int i = 0; i < Lasting; i++)
            File.WriteAllBytes(Path.Combine(path, $"lasting-{i}"), []);
        using var root = Mount(0);
        using var directory = Find(root, "many");
        var names = List(directory, page: 100, between: page =>
        {
            ThreadIdentity.BecomeRoot();
            File.WriteAllBytes(Path.Combine(path, $"new-{page}"), []);
            if (page > 0)
                File.Delete(Path.Combine(path, $"new-{page - 1}"));
        });
        var lasting = names.Where(n => n.StartsWith("lasting-", StringComparison.Ordinal)).ToList();
        Assert.That(lasting, Is.Unique);
        Assert.That(lasting, Has.Count.EqualTo(Lasting));
        Assert.That(names.Take(2), Is.EquivalentTo(new[] { ".", ".." }));
        Assert.That(List(directory, page: 7).Count(n => n.StartsWith("lasting-", StringComparison.Ordinal)), Is.EqualTo(Lasting), "without change, from the cache");
    });

    [Test]
    public void A_listing_is_never_older_than_the_last_change() => Run(() =>
    {
        using var root = Mount(0);
        for (int i = 0; i < 50; i++)
        {
            Assert.That(List(root), Has.None.EqualTo($"f{i}"));
            File.WriteAllBytes(Path.Combine(Root, $"f{i}"), []);
            Assert.That(List(root), Has.Some.EqualTo($"f{i}"));
        }
    });

    [Test]
    public void Entries_come_with_their_attributes_and_handles() => Run(() =>
    {
        File.WriteAllText(Path.Combine(Root, "f"), "12345");
        using var root = Mount(0);
        Assert.That(Files.ReadDirectory(root, 0, 0, out var reader, out _), Is.EqualTo(VfsStatus.Ok));
        byte[] handle = new byte[FileService.MaxHandle];
        var seen = new List<string>();
        for (; !reader.AtEnd; reader.Advance())
        {
            string name = Encoding.UTF8.GetString(reader.Current.Name);
            seen.Add(name);
            Assert.That(reader.TryGetPlus(out var attributes, handle, out int length), Is.True, name);
            Assert.That(attributes.FileId, Is.EqualTo(reader.Current.FileId), name);
            Assert.That(Resolve(handle[..length], 0, out var file), Is.EqualTo(VfsStatus.Ok), name);
            Assert.That(Files.GetAttr(file, out var direct), Is.EqualTo(VfsStatus.Ok));
            Assert.That(direct.FileId, Is.EqualTo(attributes.FileId), name);
            if (name == "f")
                Assert.That(attributes.Size, Is.EqualTo(5));
            file.Dispose();
        }
        Assert.That(seen, Does.Contain("f").And.Contain(".").And.Contain(".."));
    });

    [Test]
    public void Mounted_filesystems_are_seen_only_when_exported() => Run(() =>
    {
        using var inner = TestFileSystem.Tmpfs();
        string point = Path.Combine(Root, "point");
        Directory.CreateDirectory(point);
        File.WriteAllText(Path.Combine(inner.MountPoint, "within"), "x");
        TestFileSystem.Run("mount", "--bind", inner.MountPoint, point);
        try
        {
            using (var root = Mount(0))
            {
                Assert.That(Lookup(root, "point"), Is.EqualTo(VfsStatus.NoEnt));
                Assert.That(List(root), Has.None.EqualTo("point"));
            }
            Serve($"{Root} *(rw,insecure,no_root_squash{FsIdOption})\n{point} *(rw,insecure,no_root_squash,nohide,fsid=99)\n");
            using var both = Mount(0);
            Assert.That(List(both), Has.Some.EqualTo("point"));
            using var crossed = Find(both, "point");
            Assert.That(crossed.FileSystem, Is.EqualTo(FsId.FromNumber(99)));
            using var within = Find(crossed, "within");
            Assert.That(Read(within, 0, 5, out string data, out _), Is.EqualTo(VfsStatus.Ok));
            Assert.That(data, Is.EqualTo("x"));
            using var top = Find(crossed, "..");
            Assert.That(top.Key, Is.EqualTo(crossed.Key));
            Assert.That(Files.Rename(both, "f"u8, crossed, "f"u8, out _, out _), Is.EqualTo(VfsStatus.XDev));
            foreach (var fileSystem in Exports.FileSystems.All)
                Files.ReleaseFileSystem(fileSystem.Id, TimeSpan.FromMilliseconds(50));
        }
        finally
        {
            TestFileSystem.Run("umount", "-l", point);
        }
    });

    [Test]
    public void Idle_files_are_let_go_and_found_again() => Run(() =>
    {
        using var root = Mount(0);
        Assert.That(Create(root, "f", out var file), Is.EqualTo(VfsStatus.Ok));
        Assert.That(Write(file, 0, "x"), Is.EqualTo(VfsStatus.Ok));
        byte[] handle = HandleOf(file);
        file.Dispose();
        int OpenBelow() => Directory.GetFiles("/proc/self/fd").Count(d => new FileInfo(d).LinkTarget?.EndsWith("/f", StringComparison.Ordinal) == true);
        Assert.That(OpenBelow(), Is.EqualTo(2), "the file and its data");
        for (int i = 0; i < 4; i++)
            Nodes.Tick();
        Assert.That(OpenBelow(), Is.EqualTo(1), "data closed");
        for (int i = 0; i < 60; i++)
            Nodes.Tick();
        Assert.That(OpenBelow(), Is.Zero);
        Assert.That(Resolve(handle, 0, out file), Is.EqualTo(VfsStatus.Ok));
        file.Dispose();
    });

    [Test]
    public void Warm_operations_allocate_nothing() => Run(() =>
    {
        using var root = Mount(AliceId);
        Assert.That(Create(root, "f", out var file), Is.EqualTo(VfsStatus.Ok));
        byte[] handle = HandleOf(file), data = new byte[4096];
        file.Dispose();
        void Once(bool odd)
        {
            Files.Resolve(handle, As(AliceId), out var f);
            Files.GetAttr(f, out _);
            Files.Access(f, AccessMask.All, out _, out _);
            Files.Write(f, 0, data, StableHow.Unstable, out _, out _, out _);
            Files.Read(f, 0, data, out _, out _, out _);
            Files.SetAttr(f, new SetAttributes { Mode = 0x1A4 }, out _);
            f.Dispose();
            Files.Lookup(root, odd ? "f"u8 : "g"u8, out f, out _);
            f.Dispose();
            Files.Rename(root, odd ? "f"u8 : "g"u8, root, odd ? "g"u8 : "f"u8, out _, out _);
        }
        for (int i = 0; i < 50; i++)
            Once(i % 2 == 0);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 50; i++)
            Once(i % 2 == 0);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    });

    [Test]
    public void Local_programs_locks_are_seen_waited_for_and_given_up() => Run(() =>
    {
        using var root = Mount(0);
        Assert.That(Create(root, "f", out var file), Is.EqualTo(VfsStatus.Ok));
        Assert.That(Files.OpenLockFile(file.Key, out var locks), Is.EqualTo(VfsStatus.Ok));
        Assert.That(Files.OpenLockFile(file.Key, out var program), Is.EqualTo(VfsStatus.Ok));
        Assert.That(Files.PathOf(file.Key), Is.EqualTo(Path.Combine(Root, "f")));
        file.Dispose();
        var range = new LocalRange(10, 10);
        Assert.That(program!.Set(range, LocalLockKind.Exclusive), Is.EqualTo(LocalLockResult.Done));
        Assert.That(locks!.Set(new LocalRange(15, 1), LocalLockKind.Shared), Is.EqualTo(LocalLockResult.Conflict));
        Assert.That(locks.Set(new LocalRange(20, 0), LocalLockKind.Exclusive), Is.EqualTo(LocalLockResult.Done));
        Assert.That(locks.Get(new LocalRange(0, 0), LocalLockKind.Shared), Is.EqualTo(new LocalConflict(LocalLockKind.Exclusive, range, -1)));
        var wait = new LocalLockWait();
        var result = LocalLockResult.Done;
        var waiter = new Thread(() => result = locks.Wait(range, LocalLockKind.Shared, wait));
        waiter.Start();
        SpinWait.SpinUntil(() => waiter.ThreadState.HasFlag(ThreadState.WaitSleepJoin), 20);
        wait.Cancel();
        Assert.That(waiter.Join(TimeSpan.FromSeconds(10)), Is.True);
        Assert.That(result, Is.EqualTo(LocalLockResult.Cancelled));
        var second = new LocalLockWait();
        waiter = new Thread(() => result = locks.Wait(range, LocalLockKind.Shared, second));
        waiter.Start();
        program.Dispose();
        Assert.That(waiter.Join(TimeSpan.FromSeconds(10)), Is.True);
        Assert.That(result, Is.EqualTo(LocalLockResult.Done));
        locks.Dispose();
    });

    [Test]
    public void A_lease_of_a_local_program_makes_the_client_wait() => Run(() =>
    {
        const int SetOwner = 8, SetLease = 1024;
        string path = Path.Combine(Root, "f");
        File.WriteAllText(path, "x");
        using var root = Mount(0);
        using var file = Find(root, "f");
        int program = Descriptors.Open(path, Descriptors.O_RDWR | Descriptors.O_CLOEXEC);
        try
        {
            Assert.That(Fcntl(program, SetLease, Locks.F_WRLCK), Is.Zero);
            // The break is signalled to the lease's owner, and SIGIO would end this process: nobody owns it.
            Assert.That(Fcntl(program, SetOwner, 0), Is.Zero);
            Assert.That(Read(file, 0, 10, out _, out _), Is.EqualTo(VfsStatus.Jukebox));
            Assert.That(Write(file, 0, "y"), Is.EqualTo(VfsStatus.Jukebox));
            Assert.That(Files.GetAttr(file, out _), Is.EqualTo(VfsStatus.Ok));
            Assert.That(Fcntl(program, SetLease, Locks.F_UNLCK), Is.Zero);
            Assert.That(Read(file, 0, 10, out string data, out _), Is.EqualTo(VfsStatus.Ok));
            Assert.That(data, Is.EqualTo("x"));
        }
        finally
        {
            Descriptors.Close(program);
        }
    });

    private static unsafe int Fcntl(int descriptor, int command, nint argument) => Locks.Control(descriptor, command, (FileLock*)argument);

    [Test]
    public void An_administrators_path_is_followed_to_its_filesystem() => Run(() =>
    {
        ThreadIdentity.BecomeRoot();
        Directory.CreateDirectory(Path.Combine(Root, "a/b"));
        File.CreateSymbolicLink(Path.Combine(Root, "link"), "a/b");
        using var mounts = new MountTable();
        var resolver = new PathResolver(Exports, mounts);
        Assert.That(resolver.Resolve(Path.Combine(Root, "link"), 0, out var meaning), Is.Zero);
        Assert.That(meaning!.Path, Is.EqualTo(Path.Combine(Root, "a/b")));
        Assert.That(meaning.FileSystem, Is.SameAs(Exports.FileSystems.All.Single()));
        Assert.That(meaning.Export!.Path, Is.EqualTo(Root));
        Assert.That(resolver.Resolve(Path.GetRelativePath(Environment.CurrentDirectory, Root), Environment.ProcessId, out meaning), Is.Zero);
        Assert.That(meaning!.Path, Is.EqualTo(Root));
        Assert.That(resolver.Resolve("/", 0, out meaning), Is.Zero);
        Assert.That((meaning!.FileSystem, meaning.Export), Is.EqualTo(((FileSystem?)null, (ExportRoot?)null)));
        Assert.That(resolver.Resolve(Root + "/none", 0, out _), Is.EqualTo(Errno.ENOENT));
        Assert.That(resolver.Resolve("", 0, out _), Is.EqualTo(Errno.ENOENT));
    });

    [Test]
    public void Exports_stay_while_their_filesystem_is_away_and_others_come() => Run(() =>
    {
        using var other = TestFileSystem.Tmpfs();
        Assert.That(Exports.Add(ExportParser.Parse("f", $"{other.MountPoint} *(rw,insecure,fsid=123)\n").Exports), Is.Empty);
        byte[] handle;
        using (var root = Mount(0))
            handle = HandleOf(root);
        Assert.That(Files.ReleaseFileSystem(Exports.Current.Find(Root)!.FileSystem.Id, TimeSpan.FromSeconds(2)), Is.True);
        ThreadIdentity.BecomeRoot();
        string home = Root;
        Disk.MoveTo("away");
        Assert.That(Exports.Add(ExportParser.Parse("f", $"{other.MountPoint} 10.0.0.1(rw,insecure,fsid=123)\n").Exports), Is.Empty);
        Assert.That(Exports.Current.Exports, Has.Count.EqualTo(3));
        Assert.That(Exports.Renew(Root), Is.Empty);
        Assert.That(Resolve(handle, 0, out _), Is.EqualTo(VfsStatus.Stale));
        Assert.That(Directory.GetFileSystemEntries(home), Is.Empty, "the bare mount point is not the filesystem");
        Disk.MoveTo("mnt");
        Assert.That(Root, Is.EqualTo(home));
        Assert.That(Resolve(handle, 0, out var again), Is.EqualTo(VfsStatus.Ok));
        again.Dispose();
    });

    [Test]
    public void With_subtree_check_a_file_that_left_the_export_is_gone() => Run(() =>
    {
        ThreadIdentity.BecomeRoot();
        Directory.CreateDirectory(Path.Combine(Root, "export/sub"));
        File.WriteAllText(Path.Combine(Root, "export/sub/f"), "x");
        Serve($"{Root}/export *(rw,insecure,no_root_squash,subtree_check{FsIdOption})\n");
        using var root = Mount(0, Root + "/export");
        using var sub = Find(root, "sub");
        using var file = Find(sub, "f");
        byte[] directoryHandle = HandleOf(sub), fileHandle = HandleOf(file);
        Assert.That(Resolve(fileHandle, 0, out var inside), Is.EqualTo(VfsStatus.Ok));
        inside.Dispose();
        Directory.Move(Path.Combine(Root, "export/sub"), Path.Combine(Root, "sub"));
        Assert.That(Resolve(directoryHandle, 0, out _), Is.EqualTo(VfsStatus.Stale));
        Assert.That(Resolve(fileHandle, 0, out _), Is.EqualTo(VfsStatus.Stale));
    });
}
