using NfsdCtl.Linux;
using NfsdCtl.State.Records;

namespace NfsdCtl.Storage;

/// <summary>
/// The files of a record directory, by descriptor and name. Nothing stays open after a call, so that the filesystem can be
/// unmounted at any time.
/// </summary>
internal static unsafe class LogFile
{
    /// <summary>The subdirectory of the scopes' logs.</summary>
    public const string Directory = "scopes";

    /// <summary>The longest log that is read.</summary>
    private const int MaxFile = 256 << 20;

    public static RecordStatus StatusOf(int errno) => errno switch
    {
        0 => RecordStatus.Ok,
        Errno.ENOSPC or Errno.EDQUOT => RecordStatus.NoSpace,
        Errno.EROFS => RecordStatus.ReadOnly,
        Errno.ENOENT or Errno.ENODEV or Errno.ESTALE or Errno.ENOTDIR => RecordStatus.Unavailable,
        _ => RecordStatus.IoError,
    };

    /// <summary>Opens the directory of the logs; -errno. Made only when it is to be written.</summary>
    public static int OpenDirectory(IRecordPlaces places, FsId fileSystem, bool create)
    {
        int parent = places.Open(fileSystem);
        if (parent < 0)
            return parent;
        using var held = new Descriptor(parent);
        const int flags = Durable.O_DIRECTORY | Durable.O_NOFOLLOW | Descriptors.O_CLOEXEC;
        int directory = Result(Durable.OpenAt(parent, Directory, flags));
        if (directory != -Errno.ENOENT || !create)
            return directory;
        if (Durable.MakeDirectoryAt(parent, Directory, 0x1C0) < 0 && Errno.Last != Errno.EEXIST)
            return -Errno.Last;
        return Durable.Sync(parent) < 0 ? -Errno.Last : Result(Durable.OpenAt(parent, Directory, flags));
    }

    /// <summary>The whole content, or null and -errno (ENOENT when there is none).</summary>
    public static byte[]? ReadAll(int directory, string name, out int error)
    {
        error = Result(Durable.OpenAt(directory, name, Descriptors.O_RDONLY | Durable.O_NOFOLLOW | Descriptors.O_CLOEXEC));
        if (error < 0)
            return null;
        using var file = new Descriptor(error);
        var content = new byte[64 << 10];
        int length = 0;
        while (true)
        {
            int got = ReadAt(file.Number, content.AsSpan(length), length);
            if (got <= 0)
            {
                error = got;
                return got < 0 ? null : content.AsSpan(0, length).ToArray();
            }
            length += got;
            if (length < content.Length)
                continue;
            if (length >= MaxFile)
            {
                error = -Errno.EFBIG;
                return null;
            }
            Array.Resize(ref content, length * 2);
        }
    }

    /// <summary>The bytes read, 0 at the end, or -errno.</summary>
    public static int ReadAt(int file, Span<byte> data, long offset)
    {
        while (true)
        {
            nint got;
            fixed (byte* p = data)
                got = Durable.Read(file, p, (nuint)data.Length, offset);
            if (got >= 0)
                return (int)got;
            if (Errno.Last != Errno.EINTR)
                return -Errno.Last;
        }
    }

    public static int Result(int returned) => returned < 0 ? -Errno.Last : returned;

    /// <summary>A descriptor that is closed at the end of its block.</summary>
    internal readonly ref struct Descriptor(int number)
    {
        public int Number => number;

        public void Dispose() => _ = Descriptors.Close(number);
    }
}
