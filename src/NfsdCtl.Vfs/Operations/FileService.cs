using System.Text;
using NfsdCtl.Linux;
using NfsdCtl.Vfs.Exports;
using NfsdCtl.Vfs.FileSystems;
using NfsdCtl.Vfs.Handles;
using NfsdCtl.Vfs.Nodes;

namespace NfsdCtl.Vfs;

/// <summary>
/// The operations on files. All are synchronous, take the thread's identity for the caller named in the
/// <see cref="FileRef"/> (see <see cref="ThreadIdentity"/>), allocate nothing when caches are warm, and answer with a
/// <see cref="VfsStatus"/>. The thread keeps the last identity: whoever does file I/O of the server's own on a worker thread
/// calls <see cref="ThreadIdentity.BecomeRoot"/> first.
/// </summary>
public sealed unsafe partial class FileService
{
    /// <summary>The longest file handle, in bytes (NFS3_FHSIZE, RFC 1813 §2.4).</summary>
    public const int MaxHandle = HandleCodec.MaxLength;

    /// <summary>The longest name, in bytes (NAMETOOLONG above).</summary>
    public const int MaxName = 255;

    /// <summary>The most bytes of a READ, WRITE or READDIR that this server can carry.</summary>
    public const int LargestTransfer = 1 << 20;

    private readonly ExportTable exports;
    private readonly NodeCache nodes;
    private readonly MountTable mounts;

    private readonly TimeProvider clock;

    /// <summary>Who was last found to have the right to lock what.</summary>
    [ThreadStatic]
    private static LockAdmission lastLocker;

    /// <param name="clock">Tells whether a directory was changed just now, which makes its times poor witnesses.</param>
    public FileService(ExportTable exports, NodeCache nodes, MountTable mounts, TimeProvider clock)
    {
        this.clock = clock;
        this.exports = exports;
        this.nodes = nodes;
        this.mounts = mounts;
    }

    public ExportTable Exports => exports;

    /// <summary>The most bytes of a READ or WRITE, 1024 to <see cref="LargestTransfer"/> (rtmax and wtmax, maxread and maxwrite).</summary>
    public int MaxTransfer { get; set; } = LargestTransfer;

    /// <summary>
    /// Finds the file of a handle for a caller: BADHANDLE when it is malformed or forged; STALE when the file is gone or its
    /// export is not (any more) for this client; ACCESS for an unprivileged port where the export is <c>secure</c>.
    /// </summary>
    public VfsStatus Resolve(ReadOnlySpan<byte> handle, in Caller caller, out FileRef file)
    {
        file = default;
        var status = Authenticate(handle, caller, out var content, out var root, out var export);
        if (status != VfsStatus.Ok)
            return status;
        status = FindNode(root!.FileSystem, content.Key, out var node);
        if (status == VfsStatus.Stale)
            export!.Counters.CountStale();
        if (status != VfsStatus.Ok)
            return status;
        file = new FileRef(node!, root, export!, Squashed(caller, export!.Options), caller);
        if (!export.Options.SubtreeCheck || IsBelowRoot(file))
            return VfsStatus.Ok;
        file.Dispose();
        return VfsStatus.Stale;
    }

    /// <summary>
    /// Which file a handle means, without looking whether it is still there: all that <see cref="Resolve"/> checks but that. For
    /// locks, which are kept by key. STALE with <c>subtree_check</c> too when the file has left the export.
    /// </summary>
    public VfsStatus Identify(ReadOnlySpan<byte> handle, in Caller caller, out FileKey key, out Export? export)
    {
        var status = Authenticate(handle, caller, out var content, out _, out export);
        key = content.Key;
        if (status != VfsStatus.Ok || !export!.Options.SubtreeCheck)
            return status;
        status = Resolve(handle, caller, out var file);
        file.Dispose();
        return status;
    }

    /// <summary>
    /// <see cref="Identify"/> for a caller who wants to lock the file: ACCESS unless it owns the file or may read it. One answer serves
    /// the thread until the cache's next tick, as a local program's open file would for good.
    /// </summary>
    public VfsStatus IdentifyForLock(ReadOnlySpan<byte> handle, in Caller caller, out FileKey key, out Export? export)
    {
        var status = Identify(handle, caller, out key, out export);
        if (status != VfsStatus.Ok)
            return status;
        var credential = Squashed(caller, export!.Options);
        if (credential.Uid == 0 || lastLocker.Covers(key, export, credential, nodes.Now))
            return VfsStatus.Ok;
        status = Resolve(handle, caller, out var file);
        if (status != VfsStatus.Ok)
            return status;
        status = GetAttr(file, out var attributes);
        if (status == VfsStatus.Ok)
            status = CheckData(file, attributes, Files.R_OK);
        file.Dispose();
        if (status == VfsStatus.Ok)
            lastLocker = new LockAdmission(key, export, credential, nodes.Now);
        return status;
    }

    /// <summary>The handle is ours, and its export is for this client.</summary>
    private VfsStatus Authenticate(
        ReadOnlySpan<byte> handle, in Caller caller, out HandleContent content, out ExportRoot? root, out Export? export)
    {
        root = null;
        export = null;
        if (!HandleCodec.TryDecode(handle, out content))
            return VfsStatus.BadHandle;
        root = exports.Current.Find(content.Key.FileSystem, content.ExportTag);
        if (root is null)
            return VfsStatus.Stale;
        if (root.FileSystem.MacKey is null && Touch(root.FileSystem) is not VfsStatus.Ok and var closed)
            return closed;
        return HandleCodec.IsAuthentic(handle, root.FileSystem.MacKey!.Value)
            ? Admit(root, caller, out export)
            : VfsStatus.BadHandle;
    }

    /// <summary>
    /// Finds the directory of an absolute path that a client wants to mount: an export, or a directory below one, walked name
    /// by name as root without following symlinks. NOENT, NOTDIR, ACCESS (not exported to this client, or an
    /// unprivileged port).
    /// </summary>
    public VfsStatus ResolvePath(ReadOnlySpan<byte> path, in Caller caller, out FileRef directory)
    {
        directory = default;
        if (path.Length > 4096 || path.IsEmpty || path[0] != (byte)'/' || path.Contains((byte)0))
            return VfsStatus.Inval;
        if (exports.Current.Covering(Encoding.UTF8.GetString(path)) is not { } root)
            return VfsStatus.Access;
        var status = Admit(root, caller, out var export);
        if (status != VfsStatus.Ok)
            return status == VfsStatus.Stale ? VfsStatus.Access : status;
        status = FindNode(root.FileSystem, root.Key, out var node);
        if (status != VfsStatus.Ok)
            return status;
        directory = new FileRef(node!, root, export!, Credential.Root, caller);
        var rest = path[Encoding.UTF8.GetByteCount(root.Path == "/" ? "" : root.Path)..];
        while (status == VfsStatus.Ok && TakeName(ref rest, out var name))
        {
            status = Lookup(directory, name, out var child, out _);
            directory.Dispose();
            directory = child;
        }
        if (status == VfsStatus.Ok && directory.Type != FileType.Directory)
            status = VfsStatus.NotDir;
        if (status != VfsStatus.Ok)
            directory.Dispose();
        else
            directory = new FileRef(directory.Node, directory.Root, directory.Export, Squashed(caller, directory.Export.Options), caller);
        return status;
    }

    /// <summary>The filesystem that a handle names; "any" for one that is malformed. Nothing is opened or looked up.</summary>
    public FsId FileSystemOf(ReadOnlySpan<byte> handle) =>
        HandleCodec.TryDecode(handle, out var content) ? content.Key.FileSystem : FsId.Any;

    /// <summary>Writes the handle of <paramref name="file"/> and returns its length, at most <see cref="MaxHandle"/>.</summary>
    public int MakeHandle(in FileRef file, Span<byte> handle) =>
        HandleCodec.Encode(file.Node.Key, file.Export.Tag, file.Volume.MacKey!.Value, handle);

    /// <summary>
    /// Gives back every descriptor on a filesystem, the mount's own included, waiting briefly for requests under way. True
    /// when none is left, so that umount succeeds; the next request for an export on it opens it again.
    /// </summary>
    public bool ReleaseFileSystem(FsId fileSystem, TimeSpan patience)
    {
        long until = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        var volume = exports.FileSystems.TryGet(fileSystem);
        volume?.BeginClosing();
        try
        {
            // A request under way may still put in what it looks up, so what came meanwhile goes in another round.
            while (true)
            {
                var busy = nodes.DropFileSystem(fileSystem, out int dropped);
                if (dropped == 0 && (volume is null || volume.TryClose()))
                    return true;
                // A commit of the journal may be under way.
                if (dropped == 0)
                    Thread.Sleep(1);
                while (busy.RemoveAll(n => n.IsClosed) >= 0 && busy.Count > 0 && Environment.TickCount64 < until)
                    Thread.Sleep(1);
                if (busy.Count > 0 || Environment.TickCount64 >= until)
                    return false;
            }
        }
        finally
        {
            volume?.ChangeWriteVerifier();
            volume?.EndClosing();
        }
    }

    /// <summary>The next name of a path; false at its end.</summary>
    private static bool TakeName(ref ReadOnlySpan<byte> path, out ReadOnlySpan<byte> name)
    {
        path = path.TrimStart((byte)'/');
        int end = path.IndexOf((byte)'/');
        name = end < 0 ? path : path[..end];
        path = path[name.Length..];
        return !name.IsEmpty;
    }

    /// <summary>The client's entry of an export, and its port.</summary>
    private VfsStatus Admit(ExportRoot root, in Caller caller, out Export? export) => root.Match(caller.Client, exports.ClientNames, out export) switch
    {
        ExportMatch.None => VfsStatus.Stale,
        ExportMatch.Pending => VfsStatus.Jukebox,
        _ => export!.Options.Secure && !caller.FromPrivilegedPort ? VfsStatus.Access : VfsStatus.Ok,
    };

    private static Credential Squashed(in Caller caller, ExportOptions options) =>
        caller.IsAnonymous
            ? new Credential(options.AnonUid, options.AnonGid, [])
            : Squasher.Apply(caller.Uid, caller.Gid, caller.Groups, options);

    /// <summary>Opens a filesystem's root and loads its key.</summary>
    private static VfsStatus Touch(FileSystem fileSystem)
    {
        var status = fileSystem.AcquireMount(out _);
        if (status == VfsStatus.Ok)
            fileSystem.ReleaseMount();
        return status;
    }

    private VfsStatus FindNode(FileSystem fileSystem, in FileKey key, out VfsNode? node)
    {
        node = nodes.TryAcquire(key);
        return node is not null ? VfsStatus.Ok : OpenNode(fileSystem, key, out node);
    }

    private VfsStatus OpenNode(FileSystem fileSystem, in FileKey key, out VfsNode? node)
    {
        node = null;
        var status = fileSystem.AcquireMount(out int mount);
        if (status != VfsStatus.Ok)
            return status;
        try
        {
            if (key == fileSystem.HiddenKey)
                return VfsStatus.Stale;
            ThreadIdentity.BecomeRoot();
            int descriptor = KernelHandles.Open(mount, key);
            if (descriptor < 0)
                return Errno.Last is Errno.ESTALE or Errno.EINVAL or Errno.ENOENT ? VfsStatus.Stale : ErrnoMap.Last;
            return Insert(fileSystem, key, descriptor, out node, out _);
        }
        finally
        {
            fileSystem.ReleaseMount();
        }
    }

    /// <summary>Makes a node of a fresh O_PATH descriptor, which is closed when that fails.</summary>
    private VfsStatus Insert(FileSystem fileSystem, in FileKey key, int descriptor, out VfsNode? node, out Attributes attributes)
    {
        var status = StatDescriptor(descriptor, fileSystem, out attributes);
        if (status == VfsStatus.Ok)
        {
            node = nodes.Insert(key, descriptor, fileSystem, attributes.Type);
            return VfsStatus.Ok;
        }
        Descriptors.Close(descriptor);
        node = null;
        return status;
    }

    /// <summary>
    /// <c>subtree_check</c>, and <c>..</c> of a directory that was moved out of the export: the path, as the kernel knows it,
    /// must lead through the export's root. It always knows a directory's; another file that was opened by its handle may
    /// have none known, and then passes: its handle was given out inside of the export.
    /// </summary>
    private bool IsBelowRoot(in FileRef file)
    {
        if (file.IsExportRoot || file.Root.Key == file.Volume.RootKey)
            return true;
        if (FindNode(file.Volume, file.Root.Key, out var top) != VfsStatus.Ok)
            return false;
        bool below = DescriptorPath(file.Node.Descriptor) is { } path && DescriptorPath(top!.Descriptor) is { } directory
            && (MountTable.IsBelow(path, directory) || (file.Type != FileType.Directory && !MountTable.IsBelow(path, file.Volume.MountPoint)));
        top!.Release();
        return below;
    }

    /// <summary>The path that the kernel shows for a descriptor; null for one that was deleted.</summary>
    internal static string? DescriptorPath(int descriptor)
    {
        const int Room = 4096;
        byte* target = stackalloc byte[Room];
        var link = default(NameBuffer);
        NameBuffer.SetDescriptorPath(descriptor, ref link);
        nint length = Files.ReadLinkAt(Files.AT_FDCWD, (byte*)&link, target, Room);
        var path = new ReadOnlySpan<byte>(target, (int)Math.Max(0, length));
        return length <= 0 || path.EndsWith(" (deleted)"u8) ? null : Encoding.UTF8.GetString(path);
    }
}
