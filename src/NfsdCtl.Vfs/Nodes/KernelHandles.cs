using NfsdCtl.Linux;

namespace NfsdCtl.Vfs.Nodes;

/// <summary>The kernel's own handles (name_to_handle_at(2)), as keys of files.</summary>
internal static unsafe class KernelHandles
{
    /// <summary>The key of a name below a directory, or of the descriptor itself; false with the error in <see cref="Errno.Last"/>.</summary>
    public static bool TryGet(int directory, byte* name, int flags, FsId fileSystem, out FileKey key, out int mountId)
    {
        KernelHandle handle;
        handle.Length = KernelHandle.Room;
        int mount;
        if (Files.NameToHandleAt(directory, name, &handle, &mount, flags) < 0 || (uint)handle.Type > 0xFF || handle.Length > KernelHandle.Room)
        {
            key = default;
            mountId = -1;
            return false;
        }
        key = new FileKey(fileSystem, (byte)handle.Type, new ReadOnlySpan<byte>(handle.Bytes, (int)handle.Length));
        mountId = mount;
        return true;
    }

    /// <summary>An O_PATH descriptor of a key; needs root (CAP_DAC_READ_SEARCH). Negative with the error in <see cref="Errno.Last"/>.</summary>
    public static int Open(int mount, in FileKey key)
    {
        KernelHandle handle;
        handle.Length = (uint)key.HandleLength;
        handle.Type = key.HandleType;
        key.Handle.CopyTo(new Span<byte>(handle.Bytes, KernelHandle.Room));
        return Files.OpenByHandleAt(mount, &handle, Files.O_PATH | Descriptors.O_CLOEXEC | Files.O_NOFOLLOW);
    }
}
