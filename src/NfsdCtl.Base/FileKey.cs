using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NfsdCtl;

/// <summary>
/// The identity of a file for state: its filesystem and the kernel's own handle in it (name_to_handle_at). Two NFS handles
/// of one file, made through two exports, have one key.
/// </summary>
public readonly struct FileKey : IEquatable<FileKey>
{
    /// <summary>The longest kernel handle that is taken, in bytes.</summary>
    public const int MaxHandle = 32;

    private readonly HandleBytes handle;
    private readonly byte length;
    private readonly byte type;

    /// <param name="fileSystem">The filesystem.</param>
    /// <param name="handleType">The kernel's handle type, 0..255.</param>
    /// <param name="kernelHandle">The bytes of f_handle, at most <see cref="MaxHandle"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The handle is longer.</exception>
    public FileKey(FsId fileSystem, byte handleType, ReadOnlySpan<byte> kernelHandle)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(kernelHandle.Length, MaxHandle);
        FileSystem = fileSystem;
        type = handleType;
        length = (byte)kernelHandle.Length;
        kernelHandle.CopyTo(MemoryMarshal.AsBytes((Span<ulong>)handle));
    }

    public FsId FileSystem { get; }

    public byte HandleType => type;

    public int HandleLength => length;

    [UnscopedRef]
    public ReadOnlySpan<byte> Handle => MemoryMarshal.AsBytes((ReadOnlySpan<ulong>)handle)[..length];

    public bool Equals(FileKey other) =>
        length == other.length && type == other.type && FileSystem == other.FileSystem
        && handle[0] == other.handle[0] && handle[1] == other.handle[1] && handle[2] == other.handle[2] && handle[3] == other.handle[3];

    public override bool Equals(object? obj) => obj is FileKey k && Equals(k);

    public override int GetHashCode() => HashCode.Combine(FileSystem.Low, handle[0], handle[1], handle[2], handle[3], length);

    public override string ToString() => $"{FileSystem}:{type:x2}:{Convert.ToHexStringLower(Handle)}";

    public static bool operator ==(FileKey a, FileKey b) => a.Equals(b);

    public static bool operator !=(FileKey a, FileKey b) => !a.Equals(b);

    [InlineArray(MaxHandle / sizeof(ulong))]
    private struct HandleBytes
    {
        private ulong first;
    }
}
