using NfsdCtl.Linux;

namespace NfsdCtl.Vfs;

public sealed unsafe partial class FileService
{
    /// <summary>XDEV across filesystems and across exports; INVAL for <c>.</c> and <c>..</c> (RFC 1813 §3.3.14).</summary>
    public VfsStatus Rename(in FileRef fromDirectory, ReadOnlySpan<byte> fromName, in FileRef toDirectory, ReadOnlySpan<byte> toName,
        out WccData fromWcc, out WccData toWcc)
    {
        var from = default(NameBuffer);
        var to = default(NameBuffer);
        var status = BeginChange(fromDirectory, fromName, ref from, out fromWcc);
        var toStatus = BeginChange(toDirectory, toName, ref to, out toWcc);
        if (status == VfsStatus.Ok)
            status = toStatus;
        if (IsDots(fromName) || IsDots(toName))
            status = VfsStatus.Inval;
        if (status == VfsStatus.Ok && !SameExport(fromDirectory, toDirectory))
            status = VfsStatus.XDev;
        if (status == VfsStatus.Ok)
        {
            ThreadIdentity.Become(fromDirectory.Credential);
            var victim = CachedChild(toDirectory, (byte*)&to);
            if (Files.RenameAt(fromDirectory.Node.Descriptor, (byte*)&from, toDirectory.Node.Descriptor, (byte*)&to) < 0)
                // A directory that is not empty is EXIST to some filesystems and NOTEMPTY to others: both are allowed.
                status = ErrnoMap.Last;
            LetGo(victim);
        }
        FillAfter(fromDirectory, ref fromWcc);
        FillAfter(toDirectory, ref toWcc);
        return status;
    }

    /// <summary>XDEV across filesystems and across exports. Attributes are the file's afterwards.</summary>
    public VfsStatus Link(in FileRef file, in FileRef directory, ReadOnlySpan<byte> name, out Attributes attributes, out WccData directoryWcc)
    {
        var buffer = default(NameBuffer);
        var status = BeginChange(directory, name, ref buffer, out directoryWcc);
        if (status == VfsStatus.Ok && !SameExport(file, directory))
            status = VfsStatus.XDev;
        if (status == VfsStatus.Ok && file.Type == FileType.Directory)
            status = VfsStatus.IsDir;
        if (status == VfsStatus.Ok)
        {
            var source = default(NameBuffer);
            NameBuffer.SetDescriptorPath(file.Node.Descriptor, ref source);
            ThreadIdentity.Become(directory.Credential);
            if (Files.LinkAt(Files.AT_FDCWD, (byte*)&source, directory.Node.Descriptor, (byte*)&buffer, Files.AT_SYMLINK_FOLLOW) < 0)
                // The file had a last name when its handle was made, and has none now.
                status = Errno.Last == Errno.ENOENT ? VfsStatus.Stale : ErrnoMap.Last;
        }
        FillAfter(directory, ref directoryWcc);
        var after = GetAttr(file, out attributes);
        return status == VfsStatus.Ok ? after : status;
    }

    private static bool IsDots(ReadOnlySpan<byte> name) => NameBuffer.IsDot(name) || NameBuffer.IsDotDot(name);

    private static bool SameExport(in FileRef a, in FileRef b) =>
        a.FileSystem == b.FileSystem && a.Export.Tag == b.Export.Tag;
}
