using System.Globalization;
using NfsdCtl.Linux;
using NfsdCtl.State.Records;
using NfsdCtl.Storage;

namespace NfsdCtl.SystemTests.Storage;

/// <summary>Records on filesystems that are full, read-only or about to be unmounted.</summary>
public sealed class RealDiskTests
{
    private static readonly FsId FileSystem = new(1, 2);
    private static readonly Scope Here = new(NetAddress.FromV4(0x0A000001), FileSystem);

    private string mountPoint = "";

    [SetUp]
    public void MountSmallFileSystem()
    {
        mountPoint = Directory.CreateTempSubdirectory("nfsdctl-disk-").FullName;
        int result = Mounts.Mount("none", mountPoint, "tmpfs", 0, "size=256k");
        Assume.That(result, Is.Zero, "needs root to mount a tmpfs");
    }

    [TearDown]
    public void Unmount()
    {
        _ = Mounts.Umount(mountPoint, Mounts.MNT_DETACH);
        Directory.Delete(mountPoint);
    }

    [Test]
    public void A_full_filesystem_refuses_the_record_keeps_the_old_ones_and_recovers()
    {
        var store = new ScopeRecordStore(new Place(mountPoint));
        Assert.That(store.Remember(Here, Client(0)), Is.EqualTo(RecordStatus.Ok));
        FillUp();
        int remembered = 1;
        var status = RecordStatus.Ok;
        while (status == RecordStatus.Ok && remembered < 10_000)
        {
            status = store.Remember(Here, Client(remembered));
            if (status == RecordStatus.Ok)
                remembered++;
        }
        Assert.That(status, Is.EqualTo(RecordStatus.NoSpace), "the zeros ahead of the log run out");
        new ScopeRecordStore(new Place(mountPoint)).Load(Here, out var record);
        Assert.That(record.Clients, Has.Count.EqualTo(remembered), "exactly what was acknowledged");
        Assert.That(Directory.EnumerateFiles(Path.Combine(mountPoint, "scopes"), "*.new"), Is.Empty);

        File.Delete(Path.Combine(mountPoint, "filler"));
        Assert.That(store.Remember(Here, Client(remembered)), Is.EqualTo(RecordStatus.Ok));
        new ScopeRecordStore(new Place(mountPoint)).Load(Here, out record);
        Assert.That(record.Clients, Has.Count.EqualTo(remembered + 1));
    }

    [Test]
    public void A_read_only_filesystem_can_be_read_and_refuses_changes()
    {
        var store = new ScopeRecordStore(new Place(mountPoint));
        Assert.That(store.Remember(Here, Client(0)), Is.EqualTo(RecordStatus.Ok));
        const ulong remount = 32;
        Assert.That(Mounts.Mount("none", mountPoint, "tmpfs", Mounts.MS_RDONLY | remount, "size=256k"), Is.Zero);
        Assert.That(store.Remember(Here, Client(1)), Is.EqualTo(RecordStatus.ReadOnly));
        var other = new Scope(NetAddress.FromV4(0x0A000002), FileSystem);
        Assert.That(store.Remember(other, Client(1)), Is.EqualTo(RecordStatus.ReadOnly));
        Assert.That(store.Load(Here, out var record), Is.EqualTo(RecordStatus.Ok));
        Assert.That(record.Clients, Has.Count.EqualTo(1));
    }

    [Test]
    public void Nothing_stays_open_so_the_filesystem_can_be_unmounted_at_once()
    {
        var store = new ScopeRecordStore(new Place(mountPoint));
        Assert.That(store.Remember(Here, Client(0)), Is.EqualTo(RecordStatus.Ok));
        Assert.That(store.Load(Here, out _), Is.EqualTo(RecordStatus.Ok));
        Assert.That(Mounts.Umount(mountPoint, 0), Is.Zero);
    }

    private static ClientRecord Client(int number) =>
        new(new ClientName(NetAddress.FromV4(0xC0A80000u + (uint)number), "client" + number.ToString(CultureInfo.InvariantCulture)));

    private void FillUp()
    {
        using var filler = new FileStream(Path.Combine(mountPoint, "filler"), FileMode.Create, FileAccess.Write, FileShare.None, 1);
        try
        {
            while (true)
                filler.Write(new byte[512]);
        }
        catch (IOException full) when (full.HResult == Errno.ENOSPC)
        {
        }
    }

    private sealed class Place(string path) : IRecordPlaces
    {
        public int Open(FsId fileSystem) => Descriptors.Open(path, Durable.O_DIRECTORY | Descriptors.O_CLOEXEC);
    }
}
