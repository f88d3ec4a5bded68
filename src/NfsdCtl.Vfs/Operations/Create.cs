using NfsdCtl.Linux;
using NfsdCtl.Vfs.Nodes;

namespace NfsdCtl.Vfs;

public sealed unsafe partial class FileService
{
    /// <summary>
    /// <paramref name="verifier"/> counts with <see cref="CreateHow.Exclusive"/> only; the times of <paramref name="set"/> with the others
    /// only. The verifier is kept in the new file's atime and mtime, 31 bits in each, as knfsd does (nfsd3_create_file): a
    /// retry that finds them, and the file still empty, succeeds, also after a restart and on another node.
    /// </summary>
    public VfsStatus Create(in FileRef directory, ReadOnlySpan<byte> name, CreateHow how, in SetAttributes set, ulong verifier,
        out FileRef child, out Attributes attributes, out WccData wcc) =>
        Create(directory, name, how, set, verifier, out child, out attributes, out wcc, out _);

    /// <param name="made">The file was not there before, or, with <see cref="CreateHow.Exclusive"/>, an earlier try made it.</param>
    public VfsStatus Create(in FileRef directory, ReadOnlySpan<byte> name, CreateHow how, in SetAttributes set, ulong verifier,
        out FileRef child, out Attributes attributes, out WccData wcc, out bool made)
    {
        child = default;
        attributes = default;
        made = how != CreateHow.Unchecked;
        var buffer = default(NameBuffer);
        var status = BeginChange(directory, name, ref buffer, out wcc);
        if (status == VfsStatus.Ok)
        {
            var wanted = how == CreateHow.Exclusive ? ExclusiveAttributes(verifier, set) : set;
            status = CreateNew(directory, (byte*)&buffer, wanted, out child, out attributes);
            made |= status == VfsStatus.Ok;
            if (status == VfsStatus.Exist && how != CreateHow.Guarded)
                status = TakeExisting(directory, name, how, wanted, out child, out attributes);
        }
        FillAfter(directory, ref wcc);
        return status;
    }

    /// <summary>The times are the verifier's; the rest is as wished, and private where nothing is said.</summary>
    private static SetAttributes ExclusiveAttributes(ulong verifier, in SetAttributes set) => set with
    {
        Mode = set.Mode ?? 0x180,
        SetAtime = SetTime.ToClientTime,
        Atime = new VfsTime((long)(verifier & 0x7FFF_FFFF), 0),
        SetMtime = SetTime.ToClientTime,
        Mtime = new VfsTime((long)(verifier >> 32 & 0x7FFF_FFFF), 0),
    };

    private VfsStatus CreateNew(in FileRef directory, byte* name, in SetAttributes wanted, out FileRef child, out Attributes attributes)
    {
        child = default;
        attributes = default;
        const int Flags = Descriptors.O_RDWR | Files.O_CREAT | Files.O_EXCL | Files.O_NOFOLLOW | Descriptors.O_NONBLOCK | Descriptors.O_CLOEXEC;
        ThreadIdentity.Become(directory.Credential);
        EnterUmask(wanted);
        int data = Files.OpenAt(directory.Node.Descriptor, name, Flags, (wanted.Mode ?? 0) & 0xFFF);
        LeaveUmask(wanted);
        if (data < 0)
            return ErrnoMap.Last;
        var path = default(NameBuffer);
        NameBuffer.SetDescriptorPath(data, ref path);
        int descriptor = Files.OpenAt(Files.AT_FDCWD, (byte*)&path, Files.O_PATH | Descriptors.O_CLOEXEC, 0);
        VfsNode? node = null;
        var status = descriptor < 0 ? ErrnoMap.Last : Adopt(directory.Volume, descriptor, out node, out attributes);
        if (status == VfsStatus.Ok)
            status = FinishNew(directory, node!, wanted, out child, ref attributes);
        if (status == VfsStatus.Ok)
            child.Node.AdoptData(data, nodes.Now);
        else
            Descriptors.Close(data);
        return status;
    }

    /// <summary>
    /// What the creating call could not set. Owner and group are root's to give; anyone else's wish is passed over, as in
    /// nfsd_create_setattr.
    /// </summary>
    private VfsStatus FinishNew(in FileRef directory, VfsNode node, in SetAttributes wanted, out FileRef child, ref Attributes attributes)
    {
        child = directory.With(node);
        var rest = wanted;
        if (directory.Credential.Uid != 0)
            rest.Uid = rest.Gid = null;
        rest.Mode = ModeOfNew(rest, attributes.Mode);
        if (rest.Size == 0 || node.Type != FileType.Regular)
            rest.Size = null;
        rest.GuardCtime = null;
        if (rest.IsEmpty)
            return VfsStatus.Ok;
        var status = SetAttr(child, rest, out var wcc);
        if (status == VfsStatus.Ok && wcc.HasAfter)
            attributes = wcc.After;
        else if (status != VfsStatus.Ok)
            child.Dispose();
        return status;
    }

    /// <summary>
    /// The mode that is still to be set, or null. The permissions stay as the kernel made them, of what was asked for and a default ACL
    /// of the directory; only the other bits, which some calls leave out and a change of the owner clears, may be missing.
    /// </summary>
    private static uint? ModeOfNew(in SetAttributes wanted, uint made)
    {
        const uint Special = 0xE00;
        uint special = (wanted.Mode ?? 0) & Special;
        bool changesOwner = wanted.Uid is not null || wanted.Gid is not null;
        return (special & ~made) == 0 && !(changesOwner && special != 0) ? null : made | special;
    }

    /// <summary>The kernel applies a mask where it has to be applied: not under a default ACL (umask(2)).</summary>
    private static void EnterUmask(in SetAttributes set)
    {
        if (set.Umask is { } mask)
            Credentials.SetUmask(mask);
    }

    private static void LeaveUmask(in SetAttributes set)
    {
        if (set.Umask is not null)
            Credentials.SetUmask(0);
    }

    /// <summary>UNCHECKED takes an existing file and sets its size only; EXCLUSIVE takes its own.</summary>
    private VfsStatus TakeExisting(in FileRef directory, ReadOnlySpan<byte> name, CreateHow how, in SetAttributes wanted, out FileRef child, out Attributes attributes)
    {
        var status = Lookup(directory, name, out child, out attributes);
        if (status != VfsStatus.Ok)
            return status == VfsStatus.NoEnt ? VfsStatus.Exist : status;
        if (child.Type != FileType.Regular)
            status = VfsStatus.Exist;
        else if (how == CreateHow.Exclusive)
            status = attributes.Size == 0 && attributes.Atime == wanted.Atime && attributes.Mtime == wanted.Mtime ? VfsStatus.Ok : VfsStatus.Exist;
        else if (wanted.Size is { } size)
        {
            status = SetAttr(child, new SetAttributes { Size = size }, out var wcc);
            if (wcc.HasAfter)
                attributes = wcc.After;
        }
        if (status != VfsStatus.Ok)
            child.Dispose();
        return status;
    }

    /// <summary>What every change of a directory begins with: its state before, and the rules for the new name.</summary>
    private VfsStatus BeginChange(in FileRef directory, ReadOnlySpan<byte> name, ref NameBuffer buffer, out WccData wcc)
    {
        FillBefore(directory, out wcc);
        if (directory.Type != FileType.Directory)
            return VfsStatus.NotDir;
        var status = NameBuffer.TrySet(name, ref buffer);
        if (status != VfsStatus.Ok)
            return status;
        if (NameBuffer.IsDot(name) || NameBuffer.IsDotDot(name))
            return VfsStatus.Exist;
        if (directory.Export.Options.ReadOnly)
            return VfsStatus.RoFs;
        return IsHidden(directory, name) ? VfsStatus.Access : VfsStatus.Ok;
    }
}
