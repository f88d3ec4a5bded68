using NfsdCtl.Linux;

namespace NfsdCtl.Vfs;

public sealed unsafe partial class FileService
{
    /// <summary>
    /// The next data, or the next hole, at or behind an offset. The end of a file counts as a hole (lseek(2)). NXIO for an offset at the end or
    /// beyond it. <paramref name="endOfFile"/>: there is none before the end, where <paramref name="position"/> is.
    /// </summary>
    public VfsStatus Seek(in FileRef file, ulong offset, bool forHole, out ulong position, out bool endOfFile)
    {
        position = 0;
        endOfFile = false;
        var status = OpenData(file, out var lease, out var attributes);
        if (status != VfsStatus.Ok)
            return status;
        using (lease)
        {
            if (offset >= attributes.Size)
                return VfsStatus.NxIo;
            file.BeforeBlocking();
            return SeekFrom(lease.Descriptor, offset, forHole, attributes.Size, out position, out endOfFile);
        }
    }

    /// <summary>The descriptor's own position is nobody's: data are read and written at offsets.</summary>
    private static VfsStatus SeekFrom(int descriptor, ulong offset, bool forHole, ulong size, out ulong position, out bool endOfFile)
    {
        long found = Files.Seek(descriptor, (long)offset, forHole ? Files.SEEK_HOLE : Files.SEEK_DATA);
        position = found < 0 ? size : (ulong)found;
        endOfFile = position >= size;
        return found >= 0 || Errno.Last == Errno.ENXIO ? VfsStatus.Ok : ErrnoMap.Last;
    }
}
