using NfsdCtl.Linux;
using NfsdCtl.Vfs.Nodes;

namespace NfsdCtl.Vfs;

public sealed unsafe partial class FileService
{
    /// <summary>The most bytes of one copy by a client that waits for it: it comes back for the rest.</summary>
    public const int MaxCopy = 64 << 20;

    private const int CopyBlock = 256 << 10;

    /// <summary>
    /// Copies between two files, or within one where the ranges do not overlap (INVAL), without the data passing through the client. At most
    /// <see cref="MaxCopy"/> bytes at a time, which are written unstable.
    /// </summary>
    /// <param name="length">0: to the end of the source. INVAL when it reaches beyond that.</param>
    public VfsStatus CopyRange(in FileRef source, ulong sourceOffset, in FileRef target, ulong targetOffset, ulong length, out ulong copied)
    {
        copied = 0;
        var status = BeginCopy(source, sourceOffset, target, targetOffset, length, out var lease, out int descriptor, out ulong whole);
        if (status != VfsStatus.Ok)
            return status;
        using (lease)
        {
            long from = (long)sourceOffset, to = (long)targetOffset;
            int error = CopyAll(lease.Descriptor, ref from, descriptor, ref to, (long)Math.Min(whole, MaxCopy));
            target.Node.ReleaseData();
            copied = (ulong)to - targetOffset;
            // What was copied is told, and the error shows itself again with the rest.
            return copied > 0 ? VfsStatus.Ok : ErrnoMap.ToStatus(error);
        }
    }

    /// <summary>How many bytes a copy is about, and whether the caller may make it: nothing is copied.</summary>
    public VfsStatus MeasureCopy(in FileRef source, ulong sourceOffset, in FileRef target, ulong targetOffset, ulong length, out ulong whole)
    {
        var status = BeginCopy(source, sourceOffset, target, targetOffset, length, out var lease, out _, out whole);
        if (status != VfsStatus.Ok)
            return status;
        target.Node.ReleaseData();
        lease.Dispose();
        return VfsStatus.Ok;
    }

    /// <summary>
    /// Makes a range of the target share the blocks of the source (FICLONERANGE): all of it or nothing. NOTSUPP, XDEV; INVAL when offsets are
    /// not multiples of a block.
    /// </summary>
    /// <param name="length">0: to the end of the source.</param>
    public VfsStatus Clone(in FileRef source, ulong sourceOffset, in FileRef target, ulong targetOffset, ulong length)
    {
        var status = OpenData(source, out var lease, out _);
        if (status != VfsStatus.Ok)
            return status;
        using (lease)
        {
            status = BeginTarget(target, targetOffset, length, out int descriptor);
            if (status != VfsStatus.Ok)
                return status;
            var range = new CloneRange { SourceDescriptor = lease.Descriptor, SourceOffset = sourceOffset, Length = length, TargetOffset = targetOffset };
            int error = Files.IoControl(descriptor, Files.FICLONERANGE, &range) < 0 ? Errno.Last : 0;
            target.Node.ReleaseData();
            return error == Errno.ENOTTY ? VfsStatus.NotSupp : ErrnoMap.ToStatus(error);
        }
    }

    /// <summary>The right to read the one and to change the other, and both descriptors, which with Ok are to be given back.</summary>
    private VfsStatus BeginCopy(
        in FileRef source, ulong sourceOffset, in FileRef target, ulong targetOffset, ulong length, out DataLease lease, out int descriptor, out ulong whole)
    {
        descriptor = -1;
        whole = 0;
        var status = OpenData(source, out lease, out var attributes);
        if (status != VfsStatus.Ok)
            return status;
        if (sourceOffset > attributes.Size || length > attributes.Size - sourceOffset)
        {
            status = VfsStatus.Inval;
        }
        else
        {
            whole = length == 0 ? attributes.Size - sourceOffset : length;
            // The kernel looks at what it is given at a time, which is not the whole.
            ulong apart = sourceOffset > targetOffset ? sourceOffset - targetOffset : targetOffset - sourceOffset;
            status = source.Key == target.Key && apart < whole ? VfsStatus.Inval : BeginTarget(target, targetOffset, whole, out descriptor);
        }
        if (status != VfsStatus.Ok)
            lease.Dispose();
        return status;
    }

    /// <summary>The right to change the target, and the thread as the one who asks. With Ok the descriptor is to be given back.</summary>
    private VfsStatus BeginTarget(in FileRef target, ulong offset, ulong length, out int descriptor)
    {
        descriptor = -1;
        var status = GetAttr(target, out var before);
        if (status == VfsStatus.Ok)
            status = BeginDataChange(target, before, offset, length, out descriptor);
        if (status != VfsStatus.Ok)
            return status;
        target.BeforeBlocking();
        ThreadIdentity.Become(target.Credential);
        return VfsStatus.Ok;
    }

    /// <summary>Moves both offsets on by what was copied. 0, or the error number.</summary>
    private static int CopyAll(int source, ref long from, int target, ref long to, long length)
    {
        long end = from + length;
        while (from < end)
        {
            long sourceAt = from, targetAt = to;
            nint got = Files.CopyFileRange(source, &sourceAt, target, &targetAt, (nuint)(end - from), 0);
            if (got < 0 && Errno.Last == Errno.EINTR)
                continue;
            // Between filesystems of different kinds the kernel leaves it to us.
            if (got < 0)
                return Errno.Last is Errno.EXDEV or Errno.EOPNOTSUPP ? CopyByBlocks(source, ref from, target, ref to, end) : Errno.Last;
            if (got == 0)
                return 0;
            from += got;
            to += got;
        }
        return 0;
    }

    private static int CopyByBlocks(int source, ref long from, int target, ref long to, long end)
    {
        byte[] block = System.Buffers.ArrayPool<byte>.Shared.Rent(CopyBlock);
        try
        {
            fixed (byte* p = block)
            {
                while (from < end)
                {
                    nint got = Files.PRead(source, p, (nuint)Math.Min(CopyBlock, end - from), from);
                    if (got <= 0)
                        return got < 0 ? Errno.Last : 0;
                    int error = WriteAll(target, block.AsSpan(0, (int)got), to, 0, out int wrote);
                    from += wrote;
                    to += wrote;
                    if (error != 0 || wrote < got)
                        return error;
                }
            }
            return 0;
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(block);
        }
    }
}
