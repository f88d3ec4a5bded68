namespace NfsdCtl.Linux;

/// <summary>Small files that are on stable storage when a call returns.</summary>
public static unsafe class DurableFile
{
    /// <summary>
    /// Writes a file anew under another name, syncs it, and puts it in the place of the old one; the old one stays whole
    /// until then. 0 or -errno.
    /// </summary>
    public static int Replace(int directory, string name, ReadOnlySpan<byte> content)
    {
        string fresh = name + ".new";
        int error = WriteFresh(directory, fresh, content);
        if (error == 0 && Durable.RenameAt(directory, fresh, directory, name) < 0)
            error = -Errno.Last;
        if (error < 0)
        {
            _ = Durable.UnlinkAt(directory, fresh, 0);
            return error;
        }
        return Durable.Sync(directory) < 0 ? -Errno.Last : 0;
    }

    /// <summary>All of <paramref name="data"/> at an offset, not synced yet; 0 or -errno.</summary>
    public static int WriteAt(int file, ReadOnlySpan<byte> data, long offset)
    {
        while (!data.IsEmpty)
        {
            nint put;
            fixed (byte* p = data)
                put = Durable.Write(file, p, (nuint)data.Length, offset);
            if (put < 0 && Errno.Last == Errno.EINTR)
                continue;
            if (put <= 0)
                return put < 0 ? -Errno.Last : -Errno.EIO;
            data = data[(int)put..];
            offset += put;
        }
        return 0;
    }

    private static int WriteFresh(int directory, string name, ReadOnlySpan<byte> content)
    {
        const int flags = Descriptors.O_WRONLY | Durable.O_CREAT | Durable.O_TRUNC | Durable.O_NOFOLLOW | Descriptors.O_CLOEXEC;
        int file = Durable.OpenAt(directory, name, flags, 0x180);
        if (file < 0)
            return -Errno.Last;
        int error = WriteAt(file, content, 0);
        if (error == 0 && Durable.Sync(file) < 0)
            error = -Errno.Last;
        _ = Descriptors.Close(file);
        return error;
    }
}
