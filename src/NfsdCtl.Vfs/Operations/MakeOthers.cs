using NfsdCtl.Linux;

namespace NfsdCtl.Vfs;

public sealed unsafe partial class FileService
{
    public VfsStatus MakeDirectory(in FileRef directory, ReadOnlySpan<byte> name, in SetAttributes set,
        out FileRef child, out Attributes attributes, out WccData wcc)
    {
        var buffer = default(NameBuffer);
        var status = BeginChange(directory, name, ref buffer, out wcc);
        if (status == VfsStatus.Ok)
        {
            ThreadIdentity.Become(directory.Credential);
            EnterUmask(set);
            if (Files.MkDirAt(directory.Node.Descriptor, (byte*)&buffer, (set.Mode ?? 0) & 0xFFF) < 0)
                status = ErrnoMap.Last;
            LeaveUmask(set);
        }
        return EndMaking(directory, name, set, status, out child, out attributes, ref wcc);
    }

    public VfsStatus MakeSymlink(in FileRef directory, ReadOnlySpan<byte> name, ReadOnlySpan<byte> target, in SetAttributes set,
        out FileRef child, out Attributes attributes, out WccData wcc)
    {
        const int PathMax = 4096;
        var buffer = default(NameBuffer);
        var status = BeginChange(directory, name, ref buffer, out wcc);
        if (status == VfsStatus.Ok)
            status = target.Length >= PathMax ? VfsStatus.NameTooLong : target.IsEmpty || target.Contains((byte)0) ? VfsStatus.Inval : VfsStatus.Ok;
        if (status == VfsStatus.Ok)
        {
            Span<byte> terminated = stackalloc byte[target.Length + 1];
            target.CopyTo(terminated);
            terminated[target.Length] = 0;
            ThreadIdentity.Become(directory.Credential);
            fixed (byte* p = terminated)
                if (Files.SymlinkAt(p, directory.Node.Descriptor, (byte*)&buffer) < 0)
                    status = ErrnoMap.Last;
        }
        return EndMaking(directory, name, set, status, out child, out attributes, ref wcc);
    }

    /// <param name="type">Fifo, Socket, BlockDevice or CharacterDevice; BADTYPE else.</param>
    public VfsStatus MakeNode(in FileRef directory, ReadOnlySpan<byte> name, FileType type, uint major, uint minor, in SetAttributes set,
        out FileRef child, out Attributes attributes, out WccData wcc)
    {
        var buffer = default(NameBuffer);
        var status = BeginChange(directory, name, ref buffer, out wcc);
        int kind = type switch
        {
            FileType.Fifo => Files.S_IFIFO,
            FileType.Socket => Files.S_IFSOCK,
            FileType.BlockDevice => Files.S_IFBLK,
            FileType.CharacterDevice => Files.S_IFCHR,
            _ => 0,
        };
        if (status == VfsStatus.Ok && kind == 0)
            status = VfsStatus.BadType;
        // The kernel's dev_t has 12 bits of major and 20 of minor (include/linux/kdev_t.h).
        if (status == VfsStatus.Ok && (major > 0xFFF || minor > 0xFFFFF))
            status = VfsStatus.Inval;
        if (status == VfsStatus.Ok)
        {
            ulong device = type is FileType.BlockDevice or FileType.CharacterDevice
                ? (minor & 0xFF) | (ulong)major << 8 | (ulong)(minor & ~0xFFu) << 12
                : 0;
            ThreadIdentity.Become(directory.Credential);
            EnterUmask(set);
            if (Files.MkNodAt(directory.Node.Descriptor, (byte*)&buffer, (uint)kind | ((set.Mode ?? 0) & 0xFFF), device) < 0)
                status = ErrnoMap.Last;
            LeaveUmask(set);
        }
        return EndMaking(directory, name, set, status, out child, out attributes, ref wcc);
    }

    /// <summary>
    /// Looks up what was made and sets the rest of its attributes. That the new file cannot be looked at (no search right
    /// on the directory) does not make its creation a failure: then <paramref name="child"/> is not valid.
    /// </summary>
    private VfsStatus EndMaking(in FileRef directory, ReadOnlySpan<byte> name, in SetAttributes set, VfsStatus status,
        out FileRef child, out Attributes attributes, ref WccData wcc)
    {
        child = default;
        attributes = default;
        if (status == VfsStatus.Ok && Lookup(directory, name, out var found, out attributes) == VfsStatus.Ok)
        {
            status = FinishNew(directory, found.Node, set, out child, ref attributes);
        }
        FillAfter(directory, ref wcc);
        return status;
    }
}
