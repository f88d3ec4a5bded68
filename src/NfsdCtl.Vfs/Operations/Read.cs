using NfsdCtl.Linux;
using NfsdCtl.Vfs.Nodes;

namespace NfsdCtl.Vfs;

public sealed unsafe partial class FileService
{
    /// <summary>
    /// Reads up to <c>buffer.Length</c> bytes: first what is in memory; when it is not, the hook is told and the read blocks.
    /// </summary>
    public VfsStatus Read(in FileRef file, ulong offset, Span<byte> buffer, out int count, out bool endOfFile, out Attributes attributes)
    {
        count = 0;
        endOfFile = false;
        var status = OpenData(file, out var lease, out attributes);
        if (status != VfsStatus.Ok)
            return status;
        try
        {
            if (offset >= attributes.Size || buffer.IsEmpty)
            {
                endOfFile = offset >= attributes.Size;
                return VfsStatus.Ok;
            }
            // At most 2^63-1 is left of a file, so the sum fits.
            buffer = buffer[..(int)Math.Min((ulong)buffer.Length, long.MaxValue - offset)];
            int error = ReadAll(file, lease.Descriptor, buffer, (long)offset, out count);
            // Nothing where something was: the file was cut meanwhile, and a client takes nothing without an end for an error.
            endOfFile = (error == 0 && count == 0) || offset + (uint)count >= attributes.Size;
            file.Export.Counters.CountRead(count);
            return ErrnoMap.ToStatus(error);
        }
        finally
        {
            lease.Dispose();
        }
    }

    /// <summary>
    /// A descriptor to splice from, after the same checks as <see cref="Read"/>. When the range is not in memory the hook is
    /// told. The lease is disposed when the data has been taken.
    /// </summary>
    public VfsStatus OpenForRead(in FileRef file, ulong offset, int count, out DataLease lease, out Attributes attributes)
    {
        var status = OpenData(file, out lease, out attributes);
        if (status != VfsStatus.Ok || offset >= attributes.Size || count <= 0)
            return status;
        long last = (long)Math.Min(attributes.Size, offset + (uint)count) - 1;
        file.Export.Counters.CountRead((int)(last - (long)offset) + 1);
        if (file.Volume.LivesInMemory)
            return status;
        // Its two ends stand for the range: what is between was read ahead with them, or not at all.
        if (!IsInMemory(lease.Descriptor, (long)offset) || !IsInMemory(lease.Descriptor, last))
            file.BeforeBlocking();
        return status;
    }

    private static bool IsInMemory(int descriptor, long offset)
    {
        byte one;
        var vector = new IoVector { Base = &one, Length = 1 };
        return Files.PReadV2(descriptor, &vector, 1, offset, Files.RWF_NOWAIT) == 1;
    }

    private VfsStatus OpenData(in FileRef file, out DataLease lease, out Attributes attributes)
    {
        lease = default;
        var status = GetAttr(file, out attributes);
        if (status == VfsStatus.Ok)
            status = RequireRegular(file);
        if (status == VfsStatus.Ok)
            status = CheckData(file, attributes, Files.R_OK);
        if (status != VfsStatus.Ok)
            return status;
        status = file.Node.AcquireData(forWriting: false, nodes.Now, out int descriptor);
        if (status == VfsStatus.Ok)
            lease = new DataLease(file.Node, descriptor);
        return status;
    }

    /// <summary>INVAL for what has no data; ISDIR for a directory, as knfsd and as clients expect.</summary>
    private static VfsStatus RequireRegular(in FileRef file) => file.Type switch
    {
        FileType.Regular => VfsStatus.Ok,
        FileType.Directory => VfsStatus.IsDir,
        _ => VfsStatus.Inval,
    };

    private static int ReadAll(in FileRef file, int descriptor, Span<byte> buffer, long offset, out int count)
    {
        count = 0;
        fixed (byte* p = buffer)
        {
            if (!file.Volume.LivesInMemory)
            {
                var vector = new IoVector { Base = p, Length = (nuint)buffer.Length };
                nint cached = Files.PReadV2(descriptor, &vector, 1, offset, Files.RWF_NOWAIT);
                if (cached == buffer.Length)
                {
                    count = (int)cached;
                    return 0;
                }
                count = (int)Math.Max(0, cached);
                // Short: the end of the file, or the next page is on disk only.
                file.BeforeBlocking();
            }
            while (count < buffer.Length)
            {
                nint got = Files.PRead(descriptor, p + count, (nuint)(buffer.Length - count), offset + count);
                if (got < 0 && Errno.Last == Errno.EINTR)
                    continue;
                if (got < 0)
                    return count > 0 ? 0 : Errno.Last;
                if (got == 0)
                    break;
                count += (int)got;
            }
            return 0;
        }
    }
}
