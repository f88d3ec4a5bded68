using System.Runtime.InteropServices;

namespace NfsdCtl.Linux;

/// <summary>
/// Extended attributes (xattr(7)) of a path, links followed. Names are NUL-terminated bytes with their namespace. Every import gives a
/// count, or -1 and <see cref="Errno.Last"/>; a size of 0 asks for the length.
/// </summary>
public static unsafe partial class ExtendedAttributes
{
    /// <summary>XATTR_SIZE_MAX: the longest value, in bytes.</summary>
    public const int MaxValue = 65_536;

    /// <summary>XATTR_LIST_MAX: the longest list of names, in bytes.</summary>
    public const int MaxList = 65_536;

    public const int XATTR_CREATE = 1;
    public const int XATTR_REPLACE = 2;

    [LibraryImport("libc", EntryPoint = "getxattr", SetLastError = true)]
    public static partial nint Get(byte* path, byte* name, byte* value, nuint size);

    [LibraryImport("libc", EntryPoint = "setxattr", SetLastError = true)]
    public static partial int Set(byte* path, byte* name, byte* value, nuint size, int flags);

    [LibraryImport("libc", EntryPoint = "removexattr", SetLastError = true)]
    public static partial int Remove(byte* path, byte* name);

    [LibraryImport("libc", EntryPoint = "listxattr", SetLastError = true)]
    public static partial nint List(byte* path, byte* list, nuint size);
}
