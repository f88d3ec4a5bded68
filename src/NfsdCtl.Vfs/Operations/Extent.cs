namespace NfsdCtl.Vfs;

public sealed unsafe partial class FileService
{
    /// <summary>
    /// What is at an offset: a hole, or data, and up to where, at most <paramref name="most"/> bytes. Length 0 at the end of the file.
    /// </summary>
    public VfsStatus Extent(in FileRef file, ulong offset, ulong most, out bool isHole, out ulong length, out ulong size)
    {
        isHole = false;
        length = 0;
        var status = OpenData(file, out var lease, out var attributes);
        size = attributes.Size;
        if (status != VfsStatus.Ok)
            return status;
        using (lease)
        {
            if (offset >= size)
                return VfsStatus.Ok;
            file.BeforeBlocking();
            status = SeekFrom(lease.Descriptor, offset, forHole: false, size, out ulong data, out _);
            isHole = status == VfsStatus.Ok && data > offset;
            ulong end = data;
            if (status == VfsStatus.Ok && !isHole)
                status = SeekFrom(lease.Descriptor, offset, forHole: true, size, out end, out _);
            // A filesystem that does not tell holes has data everywhere.
            if (status == VfsStatus.Inval)
                (status, end) = (VfsStatus.Ok, size);
            length = Math.Min(end - offset, most);
            return status;
        }
    }
}
