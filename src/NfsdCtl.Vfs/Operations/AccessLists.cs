using System.Buffers;
using System.Buffers.Binary;
using NfsdCtl.Linux;
using NfsdCtl.Vfs.Handles;

namespace NfsdCtl.Vfs;

/// <summary>The access control lists of one file.</summary>
public sealed record AccessLists
{
    /// <summary>The POSIX ACL that the kernel enforces; what the mode stands for when there is no other.</summary>
    public required IReadOnlyList<PosixAclEntry> Access { get; init; }

    /// <summary>What a directory hands down to what is made in it; empty: nothing.</summary>
    public IReadOnlyList<PosixAclEntry> Default { get; init; } = [];

    /// <summary>
    /// What a protocol kept beside it, as it was given; empty when there is nothing, or when the ACL that the kernel enforces was changed since by
    /// other means, for then it says something else.
    /// </summary>
    public ReadOnlyMemory<byte> Kept { get; init; }
}

public sealed unsafe partial class FileService
{
    private static ReadOnlySpan<byte> AccessAttribute => "system.posix_acl_access\0"u8;

    private static ReadOnlySpan<byte> DefaultAttribute => "system.posix_acl_default\0"u8;

    /// <summary>In the namespace that only root can see (xattr(7)): what is in it is believed.</summary>
    private static ReadOnlySpan<byte> KeptAttribute => "trusted.nfsdctl.acl\0"u8;

    /// <summary>Whether files of this filesystem can have access control lists.</summary>
    public bool SupportsAccessLists(in FileRef file) => (file.Volume.Features & FileSystems.FileSystemFeatures.AccessLists) != 0;

    /// <summary>Whether a protocol kept a list beside a file: the question that each creation asks of its directory.</summary>
    public bool HasKeptAccessList(in FileRef file)
    {
        if (!SupportsAccessLists(file))
            return false;
        ThreadIdentity.BecomeRoot();
        return ReadAttribute(file, KeptAttribute, default, out int length) == VfsStatus.Ok && length > 0;
    }

    /// <summary>The lists of a file. Needs no right on it, as its mode needs none. NOTSUPP where there are none.</summary>
    public VfsStatus GetAccessLists(in FileRef file, out AccessLists? lists)
    {
        lists = null;
        if (!SupportsAccessLists(file) || file.Type == FileType.Symlink)
            return VfsStatus.NotSupp;
        var status = GetAttr(file, out var attributes);
        if (status != VfsStatus.Ok)
            return status;
        ThreadIdentity.BecomeRoot();
        byte[] room = ArrayPool<byte>.Shared.Rent(MaxXattrValue);
        try
        {
            status = ReadLists(file, attributes.Mode, room, out var access, out var inherited, out ulong fingerprint);
            if (status != VfsStatus.Ok)
                return status;
            status = ReadAttribute(file, KeptAttribute, room, out int length);
            if (status != VfsStatus.Ok)
                return status;
            bool current = length >= sizeof(ulong) && BinaryPrimitives.ReadUInt64LittleEndian(room) == fingerprint;
            lists = new AccessLists
            {
                Access = access.Count > 0 ? access : PosixAcl.OfMode(attributes.Mode),
                Default = inherited,
                Kept = current ? room.AsSpan(sizeof(ulong), length - sizeof(ulong)).ToArray() : default,
            };
            return VfsStatus.Ok;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(room);
        }
    }

    /// <summary>
    /// Sets the lists of a file, as the caller may: its owner, and root. The set-id and sticky bits stay. PERM, NOSPC (too long for the
    /// filesystem), NOTSUPP.
    /// </summary>
    public VfsStatus SetAccessLists(in FileRef file, AccessLists lists)
    {
        ArgumentNullException.ThrowIfNull(lists);
        if (!SupportsAccessLists(file) || file.Type == FileType.Symlink)
            return VfsStatus.NotSupp;
        if (file.Export.Options.ReadOnly)
            return VfsStatus.RoFs;
        lock (file.Node.ChangeGate)
        {
            ThreadIdentity.Become(file.Credential);
            var status = WriteAttribute(file, AccessAttribute, PosixAcl.Format(lists.Access));
            if (status == VfsStatus.Ok && file.Type == FileType.Directory)
                status = WriteAttribute(file, DefaultAttribute, lists.Default.Count > 0 ? PosixAcl.Format(lists.Default) : default);
            return status == VfsStatus.Ok ? Keep(file, lists.Kept.Span) : status;
        }
    }

    /// <summary>Keeps what a protocol gave together with what it stands for now.</summary>
    private VfsStatus Keep(in FileRef file, ReadOnlySpan<byte> kept)
    {
        ThreadIdentity.BecomeRoot();
        if (kept.IsEmpty)
            return WriteAttribute(file, KeptAttribute, default);
        if (kept.Length > MaxXattrValue - sizeof(ulong))
            return VfsStatus.NoSpc;
        var status = GetAttr(file, out var attributes);
        if (status != VfsStatus.Ok)
            return status;
        byte[] room = ArrayPool<byte>.Shared.Rent(MaxXattrValue);
        try
        {
            status = ReadLists(file, attributes.Mode, room, out _, out _, out ulong fingerprint);
            if (status != VfsStatus.Ok)
                return status;
            BinaryPrimitives.WriteUInt64LittleEndian(room, fingerprint);
            kept.CopyTo(room.AsSpan(sizeof(ulong)));
            return WriteAttribute(file, KeptAttribute, room.AsSpan(0, sizeof(ulong) + kept.Length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(room);
        }
    }

    /// <param name="fingerprint">Of all that the kernel goes by: another one means that it was changed.</param>
    private static VfsStatus ReadLists(in FileRef file, uint mode, byte[] room,
        out IReadOnlyList<PosixAclEntry> access, out IReadOnlyList<PosixAclEntry> inherited, out ulong fingerprint)
    {
        const uint Permissions = 0x1FF;
        access = inherited = [];
        fingerprint = 0;
        var status = ReadAttribute(file, AccessAttribute, room, out int length);
        if (status != VfsStatus.Ok)
            return status;
        access = PosixAcl.Parse(room.AsSpan(0, length));
        fingerprint = SipHash.Compute(mode & Permissions, 1, room.AsSpan(0, length));
        length = 0;
        if (file.Type == FileType.Directory)
            status = ReadAttribute(file, DefaultAttribute, room, out length);
        inherited = PosixAcl.Parse(room.AsSpan(0, length));
        fingerprint = SipHash.Compute(fingerprint, 2, room.AsSpan(0, length));
        return status;
    }

    /// <summary>Length 0 when there is none.</summary>
    private static VfsStatus ReadAttribute(in FileRef file, ReadOnlySpan<byte> name, Span<byte> value, out int length)
    {
        var path = default(NameBuffer);
        NameBuffer.SetDescriptorPath(file.Node.Descriptor, ref path);
        length = 0;
        fixed (byte* n = name)
        fixed (byte* v = value)
        {
            nint got = ExtendedAttributes.Get((byte*)&path, n, v, (nuint)value.Length);
            if (got < 0)
                return Errno.Last == Errno.ENODATA ? VfsStatus.Ok : ErrnoMap.Last;
            length = (int)got;
        }
        return VfsStatus.Ok;
    }

    /// <summary>An empty value removes it.</summary>
    private static VfsStatus WriteAttribute(in FileRef file, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var path = default(NameBuffer);
        NameBuffer.SetDescriptorPath(file.Node.Descriptor, ref path);
        fixed (byte* n = name)
        fixed (byte* v = value)
        {
            int result = value.IsEmpty
                ? ExtendedAttributes.Remove((byte*)&path, n)
                : ExtendedAttributes.Set((byte*)&path, n, v, (nuint)value.Length, 0);
            return result >= 0 || (value.IsEmpty && Errno.Last == Errno.ENODATA) ? VfsStatus.Ok : ErrnoMap.Last;
        }
    }
}
