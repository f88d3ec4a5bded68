using System.Runtime.CompilerServices;
using NfsdCtl.Linux;
using NfsdCtl.Vfs.Nodes;

namespace NfsdCtl.Vfs;

public sealed unsafe partial class FileService
{
    /// <summary>
    /// Starts to list a directory behind <paramref name="cookie"/> (0: from the start). Verifiers are 0 and never checked,
    /// since cookies are the filesystem's own positions and stay good while the directory changes. A listing that was read
    /// is kept with the directory and used while its times stay the same.
    /// </summary>
    public VfsStatus ReadDirectory(in FileRef directory, ulong cookie, ulong cookieVerifier, out DirectoryReader reader, out Attributes attributes)
    {
        reader = default;
        var status = GetAttr(directory, out attributes);
        if (status != VfsStatus.Ok)
            return status;
        if (directory.Type != FileType.Directory)
            return VfsStatus.NotDir;
        if (cookie > long.MaxValue)
            return VfsStatus.BadCookie;
        ThreadIdentity.Become(directory.Credential);
        int index = 0;
        var listing = directory.Node.Listing;
        if (listing is not null && listing.Ctime == attributes.Ctime && listing.Mtime == attributes.Mtime && (index = listing.IndexBehind(cookie)) >= 0)
        {
            if (!MayAccess(directory, Files.R_OK))
                return VfsStatus.Access;
        }
        else
        {
            status = ReadRun(directory, cookie, cookie == 0 ? DirectoryListing.MaxEntries : DirectoryListing.ShortRun, attributes, out listing);
            if (status != VfsStatus.Ok)
                return status;
            index = 0;
            if (listing!.IsReusable && (cookie == 0 || directory.Node.Listing is null || directory.Node.Listing.Ctime != attributes.Ctime))
                directory.Node.Listing = listing;
        }
        reader = new DirectoryReader(this, directory, listing!, index);
        return reader.AtEnd ? reader.Failure : VfsStatus.Ok;
    }

    /// <summary>The entries behind a run.</summary>
    internal VfsStatus NextRun(in FileRef directory, DirectoryListing run, out DirectoryListing? next)
    {
        next = null;
        var status = GetAttr(directory, out var attributes);
        if (status != VfsStatus.Ok)
            return status;
        ThreadIdentity.Become(directory.Credential);
        return ReadRun(directory, run.EndCookie, DirectoryListing.ShortRun, attributes, out next);
    }

    /// <summary>An export's root shows itself as its parent (RFC 1813 §3.3.16: the root's <c>..</c> stays inside).</summary>
    internal ulong VisibleFileId(in FileRef directory, ReadOnlySpan<byte> name, ulong fileId)
    {
        if (!NameBuffer.IsDotDot(name) || !directory.IsExportRoot)
            return fileId;
        return GetAttr(directory, out var self) == VfsStatus.Ok ? self.FileId : fileId;
    }

    /// <summary>
    /// One statx, and the handle that the listing keeps. A file that the server has a descriptor of is asked by it, which
    /// costs the kernel half of what a walk by name does; any other by its name relative to the directory.
    /// </summary>
    /// <param name="maySearch">Whether the caller may search the directory, once it was asked; a walk by name asks each time.</param>
    internal bool TryGetPlus(in FileRef directory, DirectoryListing listing, int index, ref bool? maySearch,
        out Attributes attributes, Span<byte> handle, out int handleLength)
    {
        ThreadIdentity.Become(directory.Credential);
        if (listing.TryGetKey(index, out var key) && TryStatKnown(directory, key, ref maySearch, out attributes))
        {
            handleLength = MakeHandle(directory, key, handle);
            return true;
        }
        return TryGetByName(directory, listing, index, out attributes, handle, out handleLength);
    }

    private bool TryStatKnown(in FileRef directory, in FileKey key, ref bool? maySearch, out Attributes attributes)
    {
        Unsafe.SkipInit(out attributes);
        if (nodes.TryAcquire(key) is not { } node)
            return false;
        // A directory may have become a mount point without a change of its parent, and only its name tells.
        bool known = node.Type != FileType.Directory
            && (maySearch ??= MayAccess(directory, Files.X_OK))
            && StatDescriptor(node.Descriptor, node.FileSystem, out attributes) == VfsStatus.Ok
            && attributes.LinkCount != 0;
        node.Release();
        return known;
    }

    private bool TryGetByName(in FileRef directory, DirectoryListing listing, int index, out Attributes attributes, Span<byte> handle, out int handleLength)
    {
        handleLength = 0;
        Unsafe.SkipInit(out attributes);
        var name = listing.NameOf(index);
        var buffer = default(NameBuffer);
        if (NameBuffer.TrySet(name, ref buffer) != VfsStatus.Ok)
            return false;
        if (NameBuffer.IsDotDot(name))
            return TryGetParent(directory, out attributes, handle, out handleLength);
        if (Stat(directory.Node.Descriptor, (byte*)&buffer, Files.AT_SYMLINK_NOFOLLOW, directory.Volume, out attributes, out bool isMountRoot) != VfsStatus.Ok)
            return false;
        bool self = NameBuffer.IsDot(name);
        // Another file has the name by now, or a mount hides it: LOOKUP will tell.
        if (attributes.FileId != listing[index].FileId || (isMountRoot && !self))
            return false;
        if (!listing.TryGetKey(index, out var key))
        {
            if (!KernelHandles.TryGet(directory.Node.Descriptor, (byte*)&buffer, 0, directory.FileSystem, out key, out int mountId)
                || mountId != directory.Volume.MountId)
                return false;
            listing.SetKey(index, key);
        }
        handleLength = MakeHandle(directory, key, handle);
        return true;
    }

    private static int MakeHandle(in FileRef directory, in FileKey key, Span<byte> handle) =>
        Handles.HandleCodec.Encode(key, directory.Export.Tag, directory.Volume.MacKey!.Value, handle);

    private bool TryGetParent(in FileRef directory, out Attributes attributes, Span<byte> handle, out int handleLength)
    {
        handleLength = 0;
        if (Lookup(directory, ".."u8, out var parent, out attributes) != VfsStatus.Ok)
            return false;
        handleLength = MakeHandle(parent, handle);
        parent.Dispose();
        return true;
    }

    private VfsStatus ReadRun(in FileRef directory, ulong cookie, int most, in Attributes attributes, out DirectoryListing? listing)
    {
        listing = null;
        var path = default(NameBuffer);
        NameBuffer.SetDescriptorPath(directory.Node.Descriptor, ref path);
        int descriptor = Files.OpenAt(Files.AT_FDCWD, (byte*)&path, Descriptors.O_RDONLY | Files.O_DIRECTORY | Descriptors.O_CLOEXEC, 0);
        if (descriptor < 0)
            return ErrnoMap.Last;
        int error = DirectoryListing.Read(descriptor, cookie, most, attributes, clock.GetUtcNow().ToUnixTimeMilliseconds(), out listing);
        Descriptors.Close(descriptor);
        if (error != 0)
            return error == Errno.EINVAL ? VfsStatus.BadCookie : ErrnoMap.ToStatus(error);
        HideMounts(directory, listing);
        return VfsStatus.Ok;
    }

    /// <summary>Takes out the server's own directory, and mount points that do not lead into another export.</summary>
    private void HideMounts(in FileRef directory, DirectoryListing listing)
    {
        bool isRoot = directory.Key == directory.Volume.RootKey;
        bool hasMounts = mounts.HasChildren(directory.Volume.MountId);
        if (!isRoot && !hasMounts)
            return;
        var parent = directory;
        listing.Filter(name =>
            isRoot && name.Span.SequenceEqual(HiddenName) ? EntryVisibility.Hidden
            : hasMounts ? VisibilityOf(parent, name.Span)
            : EntryVisibility.Visible);
    }

    private EntryVisibility VisibilityOf(in FileRef directory, ReadOnlySpan<byte> name)
    {
        var buffer = default(NameBuffer);
        if (IsDots(name) || NameBuffer.TrySet(name, ref buffer) != VfsStatus.Ok
            || !KernelHandles.TryGet(directory.Node.Descriptor, (byte*)&buffer, 0, directory.FileSystem, out _, out int mountId)
            || mountId == directory.Volume.MountId)
            return EntryVisibility.Visible;
        if (mounts.ById(mountId) is not { } mount || exports.Current.Find(mount.MountPoint) is not { } root)
            return EntryVisibility.Hidden;
        bool forAll = directory.Root.Entries.Any(e => e.Options.CrossMount) || root.Entries.Any(e => e.Options.NoHide);
        return forAll ? EntryVisibility.Visible : EntryVisibility.CrossersOnly;
    }
}
