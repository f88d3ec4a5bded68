using NfsdCtl.Linux;

namespace NfsdCtl.Vfs;

/// <summary>How a range of a file is going to be used (posix_fadvise(2)).</summary>
public enum Advice : byte
{
    Normal = Files.POSIX_FADV_NORMAL,
    Random = Files.POSIX_FADV_RANDOM,
    Sequential = Files.POSIX_FADV_SEQUENTIAL,
    WillNeed = Files.POSIX_FADV_WILLNEED,
    DontNeed = Files.POSIX_FADV_DONTNEED,
    NoReuse = Files.POSIX_FADV_NOREUSE,
}

public sealed unsafe partial class FileService
{
    /// <summary>Tells the kernel; it does what it likes with it.</summary>
    /// <param name="length">0: to the end.</param>
    public VfsStatus Advise(in FileRef file, ulong offset, ulong length, Advice advice)
    {
        var status = OpenData(file, out var lease, out _);
        if (status != VfsStatus.Ok)
            return status;
        using (lease)
        {
            if (offset > long.MaxValue)
                return VfsStatus.Inval;
            // Reading ahead is done at once, by this thread.
            if (advice == Advice.WillNeed)
                file.BeforeBlocking();
            long bytes = (long)Math.Min(length, long.MaxValue - offset);
            return ErrnoMap.ToStatus(Files.FAdvise(lease.Descriptor, (long)offset, bytes, (int)advice));
        }
    }
}
