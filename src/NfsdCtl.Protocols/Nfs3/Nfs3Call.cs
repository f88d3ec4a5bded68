using NfsdCtl.Vfs;
using NfsdCtl.Wire.Rpc;

namespace NfsdCtl.Protocols.Nfs3;

/// <summary>One NFSv3 call while a procedure answers it.</summary>
internal readonly ref struct Nfs3Call(FileService files, RpcCall rpc)
{
    public FileService Files { get; } = files;

    public RpcCall Rpc { get; } = rpc;

    /// <summary>Finds the file of a handle.</summary>
    public VfsStatus Resolve(ReadOnlySpan<byte> handle, out FileRef file) =>
        Files.Resolve(handle, Rpc.ToCaller(), out file);

    /// <summary>
    /// Finds the file of a handle that is about to be changed: ROFS on a read-only export, with the file, so that its
    /// attributes can be told.
    /// </summary>
    public VfsStatus ResolveForChange(ReadOnlySpan<byte> handle, out FileRef file)
    {
        var status = Files.Resolve(handle, Rpc.ToCaller(), out file);
        return status == VfsStatus.Ok && file.Export.Options.ReadOnly ? VfsStatus.RoFs : status;
    }

    /// <summary>Attributes for a post_op_attr; false when there is no file, or it is gone.</summary>
    public bool TryGetAttr(in FileRef file, out Attributes attributes)
    {
        attributes = default;
        return file.IsValid && Files.GetAttr(file, out attributes) == VfsStatus.Ok;
    }

    /// <summary>
    /// Ends a change of a file or directory: what succeeded is made stable (RFC 1813 §3: before the reply, on a <c>sync</c>
    /// export), and the attributes after it are known if they can be.
    /// </summary>
    public VfsStatus Finish(VfsStatus status, in FileRef changed, ref WccData wcc)
    {
        if (status == VfsStatus.Ok)
            status = Files.CommitMetadata(changed);
        if (!wcc.HasAfter && changed.IsValid)
            Files.FillAfter(changed, ref wcc);
        return status;
    }

    /// <summary>Ends a creation: the new file and its name are stable before the reply.</summary>
    public VfsStatus FinishCreation(VfsStatus status, in FileRef child, in Attributes attributes, in FileRef directory, ref WccData wcc)
    {
        // Other kinds have nothing but their inode, which goes to disk with the name.
        if (status == VfsStatus.Ok && attributes.Type is FileType.Regular or FileType.Directory)
            status = Files.CommitMetadata(child);
        return Finish(status, directory, ref wcc);
    }
}
