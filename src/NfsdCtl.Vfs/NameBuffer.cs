using System.Runtime.CompilerServices;

namespace NfsdCtl.Vfs;

/// <summary>One component of a path, NUL-terminated for the kernel.</summary>
[InlineArray(Room)]
internal struct NameBuffer
{
    private const int Room = 264;
    private byte first;

    /// <summary>
    /// Takes a client's name: empty, or with '/' or NUL in it → ACCESS; longer than 255 bytes → NAMETOOLONG (RFC 1813 §3.2,
    /// general comments on filenames).
    /// </summary>
    public static VfsStatus TrySet(ReadOnlySpan<byte> name, ref NameBuffer buffer)
    {
        if (name.IsEmpty)
            return VfsStatus.Access;
        if (name.Length > FileService.MaxName)
            return VfsStatus.NameTooLong;
        if (name.ContainsAny((byte)0, (byte)'/'))
            return VfsStatus.Access;
        name.CopyTo(buffer);
        buffer[name.Length] = 0;
        return VfsStatus.Ok;
    }

    /// <summary>/proc/self/fd/N: the way to open or change the file of an O_PATH descriptor (open(2), O_PATH).</summary>
    public static void SetDescriptorPath(int descriptor, ref NameBuffer buffer)
    {
        "/proc/self/fd/"u8.CopyTo(buffer);
        System.Buffers.Text.Utf8Formatter.TryFormat(descriptor, ((Span<byte>)buffer)[14..], out int digits);
        buffer[14 + digits] = 0;
    }

    public static bool IsDot(ReadOnlySpan<byte> name) => name is [(byte)'.'];

    public static bool IsDotDot(ReadOnlySpan<byte> name) => name is [(byte)'.', (byte)'.'];
}
