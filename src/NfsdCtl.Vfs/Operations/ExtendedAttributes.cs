using NfsdCtl.Linux;

namespace NfsdCtl.Vfs;

/// <summary>How SETXATTR treats a name that exists (RFC 8276 §8.4.2).</summary>
public enum SetXattrHow : byte
{
    Either = 0,
    Create = 1,
    Replace = 2,
}

public sealed unsafe partial class FileService
{
    /// <summary>The longest value of an extended attribute, in bytes.</summary>
    public const int MaxXattrValue = ExtendedAttributes.MaxValue;

    /// <summary>The longest list of names, in bytes.</summary>
    public const int MaxXattrList = ExtendedAttributes.MaxList;

    /// <summary>Clients name attributes of the user namespace only, without its name (RFC 8276 §8.2).</summary>
    private static ReadOnlySpan<byte> UserNamespace => "user."u8;

    /// <summary>Whether files of this filesystem can have extended attributes of users; found out once.</summary>
    public bool SupportsXattrs(in FileRef file) => (file.Volume.Features & FileSystems.FileSystemFeatures.UserAttributes) != 0;

    /// <summary>Whether files of this filesystem can share blocks.</summary>
    public bool SupportsClones(in FileRef file) => (file.Volume.Features & FileSystems.FileSystemFeatures.Clones) != 0;

    /// <summary>
    /// The value of an extended attribute, as the caller may read it. An empty buffer asks for the length. NOXATTR, TOOSMALL,
    /// NOTSUPP, ACCESS.
    /// </summary>
    public VfsStatus GetXattr(in FileRef file, ReadOnlySpan<byte> name, Span<byte> value, out int length)
    {
        length = 0;
        var attribute = default(NameBuffer);
        var status = BeginXattr(file, name, ref attribute);
        if (status != VfsStatus.Ok)
            return status;
        var path = default(NameBuffer);
        NameBuffer.SetDescriptorPath(file.Node.Descriptor, ref path);
        fixed (byte* p = value)
        {
            nint got = ExtendedAttributes.Get((byte*)&path, (byte*)&attribute, p, (nuint)value.Length);
            if (got < 0)
                return ErrnoMap.Last;
            length = (int)got;
        }
        return VfsStatus.Ok;
    }

    /// <summary>EXIST and NOXATTR as <paramref name="how"/> has them; XATTR2BIG, NOSPC, NOTSUPP, ACCESS.</summary>
    public VfsStatus SetXattr(in FileRef file, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, SetXattrHow how, out WccData wcc)
    {
        var attribute = default(NameBuffer);
        lock (file.Node.ChangeGate)
        {
            FillBefore(file, out wcc);
            var status = BeginXattrChange(file, name, ref attribute);
            if (status == VfsStatus.Ok && value.Length > MaxXattrValue)
                status = VfsStatus.XattrTooBig;
            if (status == VfsStatus.Ok)
            {
                var path = default(NameBuffer);
                NameBuffer.SetDescriptorPath(file.Node.Descriptor, ref path);
                fixed (byte* p = value)
                    if (ExtendedAttributes.Set((byte*)&path, (byte*)&attribute, p, (nuint)value.Length, (int)how) < 0)
                        status = ErrnoMap.Last;
            }
            FillAfter(file, ref wcc);
            return status;
        }
    }

    /// <summary>NOXATTR, NOTSUPP, ACCESS.</summary>
    public VfsStatus RemoveXattr(in FileRef file, ReadOnlySpan<byte> name, out WccData wcc)
    {
        var attribute = default(NameBuffer);
        lock (file.Node.ChangeGate)
        {
            FillBefore(file, out wcc);
            var status = BeginXattrChange(file, name, ref attribute);
            if (status == VfsStatus.Ok)
            {
                var path = default(NameBuffer);
                NameBuffer.SetDescriptorPath(file.Node.Descriptor, ref path);
                if (ExtendedAttributes.Remove((byte*)&path, (byte*)&attribute) < 0)
                    status = ErrnoMap.Last;
            }
            FillAfter(file, ref wcc);
            return status;
        }
    }

    /// <summary>
    /// The names of the extended attributes, without their namespace, each followed by NUL. The buffer is to have
    /// <see cref="MaxXattrList"/> bytes.
    /// </summary>
    public VfsStatus ListXattrs(in FileRef file, Span<byte> names, out int length)
    {
        length = 0;
        if (!SupportsXattrs(file))
            return VfsStatus.NotSupp;
        if (!HasXattrs(file.Type))
            return VfsStatus.Ok;
        ThreadIdentity.Become(file.Credential);
        // The kernel tells everyone the names; the protocol wants the right to read (RFC 8276 §8.4.3).
        if (!MayAccess(file, Files.R_OK))
            return VfsStatus.Access;
        var path = default(NameBuffer);
        NameBuffer.SetDescriptorPath(file.Node.Descriptor, ref path);
        fixed (byte* p = names)
        {
            nint got = ExtendedAttributes.List((byte*)&path, p, (nuint)names.Length);
            if (got < 0)
                return ErrnoMap.Last;
            length = KeepUserNames(names[..(int)got]);
        }
        return VfsStatus.Ok;
    }

    /// <summary>Moves the names of the user namespace to the front, without it. Returns their length in all.</summary>
    private static int KeepUserNames(Span<byte> list)
    {
        int kept = 0;
        for (int at = 0; at < list.Length;)
        {
            int end = list[at..].IndexOf((byte)0);
            if (end < 0)
                break;
            var name = list.Slice(at, end + 1);
            at += end + 1;
            if (!name.StartsWith(UserNamespace))
                continue;
            name = name[UserNamespace.Length..];
            name.CopyTo(list[kept..]);
            kept += name.Length;
        }
        return kept;
    }

    private VfsStatus BeginXattrChange(in FileRef file, ReadOnlySpan<byte> name, ref NameBuffer attribute) =>
        file.Export.Options.ReadOnly ? VfsStatus.RoFs
            : !HasXattrs(file.Type) ? VfsStatus.Perm
            : BeginXattr(file, name, ref attribute);

    /// <summary>The name as the kernel wants it, and the caller's identity.</summary>
    private VfsStatus BeginXattr(in FileRef file, ReadOnlySpan<byte> name, ref NameBuffer attribute)
    {
        if (!SupportsXattrs(file))
            return VfsStatus.NotSupp;
        if (!HasXattrs(file.Type))
            return VfsStatus.NoXattr;
        if (name.IsEmpty || name.Contains((byte)0))
            return VfsStatus.Inval;
        if (name.Length > MaxName - UserNamespace.Length)
            return VfsStatus.NameTooLong;
        UserNamespace.CopyTo(attribute);
        name.CopyTo(((Span<byte>)attribute)[UserNamespace.Length..]);
        attribute[UserNamespace.Length + name.Length] = 0;
        ThreadIdentity.Become(file.Credential);
        return VfsStatus.Ok;
    }

    /// <summary>The kernel keeps attributes of users on these only (xattr(7)).</summary>
    private static bool HasXattrs(FileType type) => type is FileType.Regular or FileType.Directory;
}
