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
    public VfsStatus FinishCreation(VfsStatus status, in FileRef child, in FileRef directory, ref WccData wcc)
    {
        if (status == VfsStatus.Ok && child.IsValid)
            status = Files.CommitMetadata(child);
        return Finish(status, directory, ref wcc);
    }
}
