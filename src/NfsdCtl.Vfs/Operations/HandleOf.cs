using System.Text;
using NfsdCtl.Linux;
using NfsdCtl.Vfs.Exports;
using NfsdCtl.Vfs.Handles;
using NfsdCtl.Vfs.Nodes;

namespace NfsdCtl.Vfs;

public sealed unsafe partial class FileService
{
    /// <summary>
    /// The handle by which clients of one entry of an export know a path, for administrators (exp_rootfh in fs/nfsd/export.c).
    /// Not for request threads.
    /// </summary>
    public VfsStatus HandleOf(string path, ExportRoot root, Export entry, Span<byte> handle, out int length)
    {
        length = 0;
        var status = Touch(root.FileSystem);
        if (status != VfsStatus.Ok)
            return status;
        fixed (byte* name = Encoding.UTF8.GetBytes(path + "\0"))
        {
            if (!KernelHandles.TryGet(Files.AT_FDCWD, name, 0, root.FileSystem.Id, out var key, out _))
                return ErrnoMap.ToStatus(Errno.Last);
            length = HandleCodec.Encode(key, entry.Tag, root.FileSystem.MacKey!.Value, handle);
            return VfsStatus.Ok;
        }
    }
}
