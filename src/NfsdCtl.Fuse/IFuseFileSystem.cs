namespace NfsdCtl.Fuse;

/// <summary>
/// A filesystem shown through FUSE, in the shape of Tmds.Fuse's <c>IFuseFileSystem</c>: operations named after libfuse's, addressed by path, that return
/// 0 or a count, or a negative errno. What differs: every operation is told who calls, a file's state hangs on <see cref="FuseFileInfo.Handle"/>, and only what a
/// tree of fixed entries needs is here.
/// </summary>
/// <remarks>
/// Paths are absolute ("/" is the root) and never end with a slash otherwise. <see cref="Open"/> and <see cref="Write"/> are called on threads of their own
/// and may block; everything else is called on the thread that reads requests and must not.
/// </remarks>
public interface IFuseFileSystem
{
    /// <summary>Fills in the attributes of the entry. -ENOENT: there is none.</summary>
    int GetAttr(ReadOnlySpan<byte> path, ref FuseAttributes attributes);

    /// <summary>Writes the target of a symbolic link and returns its length.</summary>
    int ReadLink(ReadOnlySpan<byte> path, Span<byte> buffer);

    /// <summary>Adds every entry of a directory, "." and ".." excepted.</summary>
    int ReadDir(ReadOnlySpan<byte> path, FuseDirectoryContent content);

    int Open(ReadOnlySpan<byte> path, in FuseContext context, ref FuseFileInfo file);

    /// <summary>Fills <paramref name="buffer"/> from the offset on and returns the count; 0 at the end.</summary>
    int Read(ReadOnlySpan<byte> path, ulong offset, Span<byte> buffer, in FuseContext context, ref FuseFileInfo file);

    /// <summary>Takes one write(2) and returns how many bytes of it were used.</summary>
    int Write(ReadOnlySpan<byte> path, ulong offset, ReadOnlySpan<byte> data, in FuseContext context, ref FuseFileInfo file);

    /// <summary>The last descriptor of an open file description was closed.</summary>
    void Release(ReadOnlySpan<byte> path, ref FuseFileInfo file);
}

/// <summary>Who calls. The number is the calling thread's, and 0 when the caller lives in another pid namespace.</summary>
/// <param name="Interrupted">Signalled when a signal for the caller is pending.</param>
public readonly record struct FuseContext(int Pid, uint Uid, uint Gid, CancellationToken Interrupted);

/// <summary>The state of an open file description.</summary>
public struct FuseFileInfo
{
    /// <summary>The flags of open(2).</summary>
    public int Flags;

    /// <summary>No page cache: reads of files of size 0 reach the filesystem, and one write(2) is one write.</summary>
    public bool DirectIo;

    /// <summary>lseek gives ESPIPE.</summary>
    public bool NonSeekable;

    /// <summary>Whatever the filesystem wants to find again.</summary>
    public object? Handle;
}

/// <summary>stat(2) of an entry. The size is 0 as in procfs.</summary>
public struct FuseAttributes
{
    public const uint S_IFMT = 0xF000;
    public const uint S_IFDIR = 0x4000;
    public const uint S_IFREG = 0x8000;
    public const uint S_IFLNK = 0xA000;

    /// <summary>Stays the same for a path as long as the mount lives.</summary>
    public ulong Ino;

    /// <summary>Type and permissions.</summary>
    public uint Mode;
    public uint Links;
    public uint Uid;
    public uint Gid;

    /// <summary>Of the last change, for all three times.</summary>
    public DateTimeOffset Time;

    public readonly bool IsDirectory => (Mode & S_IFMT) == S_IFDIR;
}

/// <summary>The entries of a directory as they were when it was opened.</summary>
public sealed class FuseDirectoryContent
{
    private readonly List<(string Name, ulong Ino, uint Mode)> entries = [];

    public IReadOnlyList<(string Name, ulong Ino, uint Mode)> Entries => entries;

    /// <param name="name">1..255 bytes of UTF-8.</param>
    public void Add(string name, ulong ino, uint mode) => entries.Add((name, ino, mode));
}
