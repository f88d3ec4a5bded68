using NfsdCtl.Linux;
using NfsdCtl.Vfs.Exports;
using NfsdCtl.Vfs.FileSystems;
using NfsdCtl.Vfs.Nodes;

namespace NfsdCtl.Vfs;

public sealed unsafe partial class FileService
{
    private static ReadOnlySpan<byte> HiddenName => ".nfsdctl"u8;

    /// <summary>
    /// Names are raw bytes. <c>.</c> is the directory; <c>..</c> at the export's root stays there. A name on which another
    /// filesystem is mounted leads into it when that is exported with <c>nohide</c>, or this export with <c>crossmnt</c>;
    /// else it is not there.
    /// </summary>
    public VfsStatus Lookup(in FileRef directory, ReadOnlySpan<byte> name, out FileRef child, out Attributes attributes)
    {
        child = default;
        attributes = default;
        if (directory.Type != FileType.Directory)
            return VfsStatus.NotDir;
        var buffer = default(NameBuffer);
        var status = NameBuffer.TrySet(name, ref buffer);
        if (status != VfsStatus.Ok)
            return status;
        if (IsHidden(directory, name))
            return VfsStatus.NoEnt;
        if (NameBuffer.IsDot(name) || (NameBuffer.IsDotDot(name) && directory.IsExportRoot))
            return LookupSelf(directory, out child, out attributes);
        ThreadIdentity.Become(directory.Credential);
        int parent = directory.Node.Descriptor;
        if (!KernelHandles.TryGet(parent, (byte*)&buffer, 0, directory.FileSystem, out var key, out int mountId))
            return ErrnoMap.Last;
        if (mountId != directory.Volume.MountId)
            return NameBuffer.IsDotDot(name) ? LookupSelf(directory, out child, out attributes) : Cross(directory, mountId, out child, out attributes);
        if (nodes.TryAcquire(key) is not { } node)
            status = OpenChild(directory, (byte*)&buffer, out node, out attributes);
        else if ((status = StatDescriptor(node.Descriptor, node.FileSystem, out attributes)) != VfsStatus.Ok)
            node.Release();
        if (status != VfsStatus.Ok)
            return status;
        child = directory.With(node!);
        if (!NameBuffer.IsDotDot(name) || IsBelowRoot(child))
            return VfsStatus.Ok;
        child.Dispose();
        return VfsStatus.Stale;
    }

    /// <summary>True for the server's own directory, at the root of a filesystem.</summary>
    private static bool IsHidden(in FileRef directory, ReadOnlySpan<byte> name) =>
        name.SequenceEqual(HiddenName) && directory.Key == directory.Volume.RootKey;

    private VfsStatus LookupSelf(in FileRef directory, out FileRef child, out Attributes attributes)
    {
        child = default;
        ThreadIdentity.Become(directory.Credential);
        if (!MayAccess(directory, Files.X_OK))
        {
            attributes = default;
            return VfsStatus.Access;
        }
        directory.Node.AddReference();
        child = directory.With(directory.Node);
        return GetAttr(child, out attributes);
    }

    /// <summary>
    /// Opens a name as the caller, below this directory and on this mount only. The handle is taken from what was opened: the
    /// name may have changed since.
    /// </summary>
    private VfsStatus OpenChild(in FileRef directory, byte* name, out VfsNode? node, out Attributes attributes)
    {
        node = null;
        attributes = default;
        // ".." is checked by the caller, and openat2 would refuse it outright.
        bool parent = name[0] == '.' && name[1] == '.' && name[2] == 0;
        ulong resolve = Files.RESOLVE_NO_SYMLINKS | Files.RESOLVE_NO_MAGICLINKS | Files.RESOLVE_NO_XDEV | (parent ? 0 : Files.RESOLVE_BENEATH);
        int descriptor = Files.OpenAt2(directory.Node.Descriptor, name, Files.O_PATH | Files.O_NOFOLLOW | Descriptors.O_CLOEXEC, 0, resolve);
        if (descriptor < 0)
            return Errno.Last == Errno.EXDEV ? VfsStatus.NoEnt : ErrnoMap.Last;
        return Adopt(directory.Volume, descriptor, out node, out attributes);
    }

    /// <summary>Makes a node of an O_PATH descriptor that was opened by name.</summary>
    private VfsStatus Adopt(FileSystem fileSystem, int descriptor, out VfsNode? node, out Attributes attributes)
    {
        byte empty = 0;
        if (KernelHandles.TryGet(descriptor, &empty, Files.AT_EMPTY_PATH, fileSystem.Id, out var key, out int mountId) && mountId == fileSystem.MountId)
            return Insert(fileSystem, key, descriptor, out node, out attributes);
        Descriptors.Close(descriptor);
        node = null;
        attributes = default;
        return VfsStatus.Stale;
    }

    /// <summary>Goes through a mount point into the export that is mounted there.</summary>
    private VfsStatus Cross(in FileRef directory, int mountId, out FileRef child, out Attributes attributes)
    {
        child = default;
        attributes = default;
        if (mounts.ById(mountId) is not { } mount || exports.Current.Find(mount.MountPoint) is not { } root)
            return VfsStatus.NoEnt;
        // The port was checked when the parent was resolved; a child export that demands more is checked at its own handle.
        if (root.Match(directory.Client, exports.ClientNames, out var export) != ExportMatch.Found
            || !(directory.CrossesMounts || export!.Options.NoHide || directory.Export.Options.CrossMount))
            return VfsStatus.NoEnt;
        var status = Touch(root.FileSystem);
        if (status == VfsStatus.Ok)
            status = FindNode(root.FileSystem, root.Key, out var node) is VfsStatus.Ok and var ok
                ? Enter(directory, root, export!, node!, out child, ok)
                : VfsStatus.NoEnt;
        return status == VfsStatus.Ok ? GetAttr(child, out attributes) : status;
    }

    private static VfsStatus Enter(in FileRef directory, ExportRoot root, Export export, VfsNode node, out FileRef child, VfsStatus status)
    {
        child = directory.Into(node, root, export);
        return status;
    }
}
