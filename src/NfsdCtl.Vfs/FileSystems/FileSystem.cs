using System.Text;
using NfsdCtl.Linux;
using NfsdCtl.Vfs.Handles;
using NfsdCtl.Vfs.Nodes;

namespace NfsdCtl.Vfs.FileSystems;

/// <summary>
/// A filesystem that is exported: its identity, where it is mounted, and, while it is in use, a descriptor of its root.
/// Opened at the first request and closable at any time (<see cref="Close"/>), so that it can be unmounted; opened again by
/// the next request, if what is then mounted there is still the same filesystem.
/// </summary>
public sealed unsafe class FileSystem
{
    /// <summary>The directory at the filesystem's root that holds the server's own files; clients never see it.</summary>
    public const string HiddenName = ".nfsdctl";

    private readonly Lock gate = new();
    private readonly string? recordsDirectory;
    private int mountDescriptor = -1;
    private int mountUsers;
    private bool closing;
    private long writeVerifier = Random.Shared.NextInt64();

    /// <param name="id">The identity under which it is served.</param>
    /// <param name="ownIdentity">The UUID that it carries in itself, checked at each opening; null when it has none.</param>
    /// <param name="mount">Where it is mounted.</param>
    /// <param name="recordsDirectory">Where the server's own files are kept instead of in the filesystem; null: in it.</param>
    internal FileSystem(FsId id, FsId? ownIdentity, MountEntry mount, string? recordsDirectory)
    {
        Id = id;
        OwnIdentity = ownIdentity;
        this.recordsDirectory = recordsDirectory;
        MountPoint = mount.MountPoint;
        Type = mount.Type;
        LivesInMemory = FileSystemIdentity.LivesInMemory(mount.Type);
        StatusId = id.High ^ id.Low;
    }

    public FsId Id { get; }

    public string MountPoint { get; }

    /// <summary>As in mountinfo: "ext4", "tmpfs".</summary>
    public string Type { get; }

    /// <summary>Nothing to sync, nothing to wait for.</summary>
    public bool LivesInMemory { get; }

    /// <summary>Where one commit makes every change of metadata stable; null where each file is to be synced, and before the first opening.</summary>
    internal Journal? Journal { get; private set; }

    /// <summary>The fsid of attributes (RFC 1813 §2.6, fattr3): the same on every node.</summary>
    public ulong StatusId { get; }

    /// <summary>
    /// Where the server's own files of this filesystem are: the hidden directory at its root, or DIR/&lt;identity&gt; with
    /// <c>records-dir=DIR</c>.
    /// </summary>
    public string RecordsPath => recordsDirectory is null
        ? Path.Combine(MountPoint, HiddenName)
        : Path.Combine(recordsDirectory, Id.ToString());

    /// <summary>
    /// Opens the directory of <see cref="RecordsPath"/>, on the filesystem itself and not below its bare mount point, as root. The
    /// caller closes it soon: it keeps the filesystem mounted. A descriptor, or -errno.
    /// </summary>
    public int OpenRecords()
    {
        ThreadIdentity.BecomeRoot();
        var status = AcquireMount(out int root);
        if (status != VfsStatus.Ok)
            return status switch
            {
                VfsStatus.Stale => -Errno.ENOENT,
                VfsStatus.RoFs => -Errno.EROFS,
                VfsStatus.NoSpc => -Errno.ENOSPC,
                VfsStatus.Jukebox => -Errno.EBUSY,
                _ => -Errno.EIO,
            };
        try
        {
            const int flags = Descriptors.O_RDONLY | Descriptors.O_CLOEXEC | Files.O_DIRECTORY | Files.O_NOFOLLOW;
            int opened;
            fixed (byte* path = Encoding.UTF8.GetBytes((recordsDirectory is null ? HiddenName : RecordsPath) + "\0"))
                opened = Files.OpenAt(root, path, flags, 0);
            return opened < 0 ? -Errno.Last : opened;
        }
        finally
        {
            ReleaseMount();
        }
    }

    /// <summary>Changes when data that was written unstable may be lost.</summary>
    public ulong WriteVerifier => (ulong)Interlocked.Read(ref writeVerifier);

    /// <summary>The UUID in the filesystem itself, whatever identity it is served under; null when it has none.</summary>
    internal FsId? OwnIdentity { get; }

    internal HandleKey? MacKey { get; private set; }

    internal int MountId { get; private set; }

    /// <summary>Asked at the first opening; a filesystem keeps its features while it is mounted.</summary>
    internal FileSystemFeatures Features { get; private set; }

    internal FileKey RootKey { get; private set; }

    internal FileKey HiddenKey { get; private set; }

    /// <summary>Unstable data may be lost: a sync failed, or descriptors with unwritten data were given up.</summary>
    internal void ChangeWriteVerifier() => Interlocked.Increment(ref writeVerifier);

    /// <summary>Holds the descriptor of the root; STALE when another filesystem is mounted there now, or none.</summary>
    /// <param name="finishing">For what has to be brought to an end while the filesystem is being closed.</param>
    internal VfsStatus AcquireMount(out int descriptor, bool finishing = false)
    {
        lock (gate)
        {
            descriptor = -1;
            if (closing && !finishing)
                return VfsStatus.Jukebox;
            if (mountDescriptor < 0 && Open() is not VfsStatus.Ok and var status)
                return status;
            mountUsers++;
            descriptor = mountDescriptor;
            return VfsStatus.Ok;
        }
    }

    internal void ReleaseMount()
    {
        lock (gate)
            mountUsers--;
    }

    /// <summary>
    /// From now on requests that need the root are told to come back; <see cref="EndClosing"/> opens it to them again.
    /// </summary>
    internal void BeginClosing()
    {
        lock (gate)
            closing = true;
    }

    internal void EndClosing()
    {
        lock (gate)
            closing = false;
    }

    /// <summary>Closes the root's descriptor; false while it is in use.</summary>
    internal bool TryClose()
    {
        lock (gate)
        {
            if (mountUsers > 0 || Journal is { IsBusy: true })
                return false;
            if (mountDescriptor >= 0)
                Descriptors.Close(mountDescriptor);
            mountDescriptor = -1;
            return true;
        }
    }

    private VfsStatus Open()
    {
        ThreadIdentity.BecomeRoot();
        int root = Descriptors.Open(MountPoint, Descriptors.O_RDONLY | Descriptors.O_CLOEXEC | Files.O_DIRECTORY);
        if (root < 0)
            return VfsStatus.Stale;
        var status = Examine(root);
        if (status == VfsStatus.Ok)
            mountDescriptor = root;
        else
            Descriptors.Close(root);
        return status;
    }

    private VfsStatus Examine(int root)
    {
        byte empty = 0;
        if (!KernelHandles.TryGet(root, &empty, Files.AT_EMPTY_PATH, Id, out var key, out int mountId))
            return VfsStatus.Stale;
        // Where nothing is mounted now, the directory belongs to another filesystem, which is not to be taken for this one.
        var mount = MountTable.Parse(File.ReadAllText("/proc/self/mountinfo")).FirstOrDefault(m => m.Id == mountId);
        if (mount?.MountPoint != MountPoint || (OwnIdentity is { } expected && FileSystemIdentity.Find(root, mount) != expected))
            return VfsStatus.Stale;
        int error = LoadKey(root);
        if (error != 0)
            return error is Errno.EROFS or Errno.ENOSPC ? ErrnoMap.ToStatus(error) : VfsStatus.Io;
        RootKey = key;
        MountId = mountId;
        Features = FeatureProbe.Ask(root, Type);
        // Without the server's own directory there is nothing whose sync commits the others.
        Journal = recordsDirectory is null && Journal.IsFor(mount) ? Journal ?? new Journal(this) : null;
        Journal?.TakesData = mount.Type != "xfs" && !mount.HasOption("lazytime");
        fixed (byte* hidden = ".nfsdctl\0"u8)
            HiddenKey = KernelHandles.TryGet(root, hidden, 0, Id, out var hiddenKey, out _) ? hiddenKey : default;
        return VfsStatus.Ok;
    }

    /// <summary>Loads the handle key, making directory and key when they are missing. 0, or the error number.</summary>
    private int LoadKey(int root)
    {
        int directory;
        if (recordsDirectory is null)
        {
            fixed (byte* hidden = ".nfsdctl\0"u8)
            {
                if (Files.MkDirAt(root, hidden, 0x1C0) < 0 && Errno.Last is not Errno.EEXIST and not Errno.EROFS)
                    return Errno.Last;
                directory = Files.OpenAt(root, hidden, Descriptors.O_RDONLY | Descriptors.O_CLOEXEC | Files.O_DIRECTORY | Files.O_NOFOLLOW, 0);
                if (directory < 0)
                    return Errno.Last == Errno.ENOENT ? Errno.EROFS : Errno.Last;
            }
        }
        else
        {
            Directory.CreateDirectory(recordsDirectory);
            fixed (byte* path = Encoding.UTF8.GetBytes(RecordsPath + "\0"))
                if (Files.MkDirAt(Files.AT_FDCWD, path, 0x1C0) < 0 && Errno.Last != Errno.EEXIST)
                    return Errno.Last;
            directory = Descriptors.Open(RecordsPath, Descriptors.O_RDONLY | Descriptors.O_CLOEXEC | Files.O_DIRECTORY);
            if (directory < 0)
                return Errno.Last;
        }
        HandleKey key = default;
        int error = OwnedByRootAlone(directory) ? HandleKeyStore.Load(directory, out key) : Errno.EPERM;
        if (error == 0)
            error = IdentityStore.Write(directory, Id);
        if (error == 0)
            MacKey = key;
        Descriptors.Close(directory);
        return error;
    }

    /// <summary>A directory of that name that a user made could hold a key that the user knows.</summary>
    private static bool OwnedByRootAlone(int directory)
    {
        byte empty = 0;
        StatxData data;
        return Files.Statx(directory, &empty, Files.AT_EMPTY_PATH, Files.STATX_BASIC_STATS, &data) == 0
            && data.Uid == 0 && (data.Mode & 0x3F) == 0;
    }
}
