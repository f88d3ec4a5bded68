using NfsdCtl.Vfs;
using NfsdCtl.Wire.Xdr;
using static NfsdCtl.Protocols.Nfs4.Nfs4Constants;

namespace NfsdCtl.Protocols.Nfs4.Attributes;

/// <summary>Encodes attributes, and compares them with a client's; setting them is in the other half.</summary>
internal sealed partial class AttributeCodec(OwnerNames owners) : IAttributeCodec
{
    /// <summary>The values of all attributes but ACLs, the path and names of owners are shorter together, in bytes.</summary>
    private const int FixedRoom = 1024;

    /// <summary>PATH_MAX in components with their lengths.</summary>
    private const int PathRoom = 4 * 4096;

    private static readonly AttributeSet OfSpace = AttributeSet.Of(
        FATTR4_FILES_AVAIL, FATTR4_FILES_FREE, FATTR4_FILES_TOTAL, FATTR4_SPACE_AVAIL, FATTR4_SPACE_FREE, FATTR4_SPACE_TOTAL, FATTR4_CLONE_BLKSIZE);

    private static readonly AttributeSet OfLimits = AttributeSet.Of(
        FATTR4_LINK_SUPPORT, FATTR4_SYMLINK_SUPPORT, FATTR4_CANSETTIME, FATTR4_CASE_INSENSITIVE, FATTR4_CASE_PRESERVING,
        FATTR4_CHOWN_RESTRICTED, FATTR4_HOMOGENEOUS, FATTR4_MAXFILESIZE, FATTR4_MAXLINK, FATTR4_MAXNAME, FATTR4_NO_TRUNC, FATTR4_TIME_DELTA);

    private static readonly AttributeSet OfAcl = AttributeSet.Of(FATTR4_ACL, FATTR4_DACL);
    private static readonly AttributeSet AllOfAcl = OfAcl.With((int)FATTR4_ACLSUPPORT);
    private static readonly AttributeSet OfPath = AttributeSet.Of(FATTR4_FS_LOCATIONS);
    private static readonly AttributeSet OfHandle = AttributeSet.Of(FATTR4_FILEHANDLE);
    private static readonly AttributeSet OfBirth = AttributeSet.Of(FATTR4_TIME_CREATE);
    private static readonly AttributeSet OfClones = AttributeSet.Of(FATTR4_CLONE_BLKSIZE);

    private static readonly AttributeSet OfQuota = AttributeSet.Of(FATTR4_QUOTA_AVAIL_HARD, FATTR4_QUOTA_AVAIL_SOFT, FATTR4_QUOTA_USED);

    /// <summary>Not asked for in VERIFY: it tells how READDIR went, and those are write-only.</summary>
    private static readonly AttributeSet NeverCompared = AttributeTable.WriteOnly.With((int)FATTR4_RDATTR_ERROR);

    /// <summary>The verifier is kept in the times (RFC 8881 §18.16.3, suppattr_exclcreat).</summary>
    public AttributeSet ExclusiveCreate { get; } =
        AttributeTable.Writable.Without(AttributeSet.Of(FATTR4_TIME_ACCESS_SET, FATTR4_TIME_MODIFY_SET, FATTR4_MODE_SET_MASKED));

    public nfsstat4 Encode(Compound call, in CompoundFile file, AttributeSet wanted, ref XdrWriter reply)
    {
        if (wanted.Overlaps(AttributeTable.WriteOnly))
            return nfsstat4.NFS4ERR_INVAL;
        var values = new AttributeValues { Call = call, Owners = owners };
        if (file.Pseudo is { } node)
        {
            OfPseudo(call, node, ref values);
        }
        else
        {
            var status = call.Files.GetAttr(file.File, out values.Stat).ToNfs();
            if (status != nfsstat4.NFS4_OK)
                return status;
            if (wanted.Overlaps(OfHandle))
                values.HandleLength = call.Files.MakeHandle(file.File, values.Handle);
            values.MountedOnFileId = file.File.IsExportRoot ? call.Service.Pseudo.MountedOn(file.File) : values.Stat.FileId;
            status = OfFile(call, file.File, wanted, ref values);
            if (status != nfsstat4.NFS4_OK)
                return status;
        }
        return Write(call, values, wanted, ref reply);
    }

    public nfsstat4 EncodeEntry(Compound call, in CompoundFile directory, ref DirectoryReader reader, AttributeSet wanted, ref XdrWriter reply)
    {
        if (wanted.Overlaps(AttributeTable.WriteOnly))
            return nfsstat4.NFS4ERR_INVAL;
        var values = new AttributeValues { Call = call, Owners = owners };
        if (wanted.Overlaps(OfAcl) || !reader.TryGetPlus(out values.Stat, values.Handle, out values.HandleLength))
            return EncodeNamed(call, directory, reader.Current.Name, wanted, ref reply);
        values.MountedOnFileId = values.Stat.FileId;
        var status = OfFile(call, directory.File, wanted, ref values);
        return status == nfsstat4.NFS4_OK ? Write(call, values, wanted, ref reply) : status;
    }

    public nfsstat4 Compare(Compound call, in CompoundFile file, scoped ref XdrReader arguments)
    {
        var given = AttributeSet.Read(ref arguments);
        var theirs = arguments.Opaque(int.MaxValue);
        if (arguments.Failed)
            return nfsstat4.NFS4ERR_BADXDR;
        if (given.HasUnknown || !given.Without(AttributeTable.Of(call.MinorVersion)).IsEmpty)
            return nfsstat4.NFS4ERR_ATTRNOTSUPP;
        if (given.Overlaps(NeverCompared))
            return nfsstat4.NFS4ERR_INVAL;
        byte[] room = System.Buffers.ArrayPool<byte>.Shared.Rent(FixedRoom + 2 * OwnerNames.MaxLength + PathRoom + Acl.AclCodec.MaxEncoded);
        try
        {
            return Compare(call, file, given, theirs, room);
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(room);
        }
    }

    private nfsstat4 Compare(Compound call, in CompoundFile file, AttributeSet given, ReadOnlySpan<byte> theirs, byte[] room)
    {
        var writer = new XdrWriter(room);
        var status = Encode(call, file, given, ref writer);
        if (status != nfsstat4.NFS4_OK)
            return status;
        var ours = new XdrReader(writer.Written);
        // What this file does not have is not compared, and said so.
        if (AttributeSet.Read(ref ours) != given)
            return nfsstat4.NFS4ERR_ATTRNOTSUPP;
        if (ours.Opaque(int.MaxValue).SequenceEqual(theirs))
            return nfsstat4.NFS4ERR_SAME;
        return AreValues(given, theirs) ? nfsstat4.NFS4ERR_NOT_SAME : nfsstat4.NFS4ERR_BADXDR;
    }

    /// <summary>They can be decoded as values of these attributes, and nothing is behind them.</summary>
    private static bool AreValues(AttributeSet given, ReadOnlySpan<byte> values)
    {
        var reader = new XdrReader(values);
        SkipValues(given.Low, 0, ref reader);
        SkipValues(given.High, 64, ref reader);
        return !reader.Failed && reader.Remaining == 0;
    }

    private static void SkipValues(ulong set, int from, scoped ref XdrReader values)
    {
        for (; set != 0; set &= set - 1)
            AttributeTable.ByNumber[from + System.Numerics.BitOperations.TrailingZeroCount(set)]!.Shape(ref values);
    }

    /// <summary>For what cannot be told without opening it: a mount point that leads into another export, or a file with an ACL.</summary>
    private nfsstat4 EncodeNamed(Compound call, in CompoundFile directory, ReadOnlySpan<byte> name, AttributeSet wanted, ref XdrWriter reply)
    {
        var found = default(CompoundFile);
        var status = call.Files.Lookup(directory.File, name, out found.File, out _).ToNfs();
        using (found)
            return status == nfsstat4.NFS4_OK ? Encode(call, found, wanted, ref reply) : status;
    }

    /// <summary>What depends on the filesystem, and the ACL.</summary>
    private nfsstat4 OfFile(Compound call, in FileRef file, AttributeSet wanted, ref AttributeValues values)
    {
        values.Supported = Supported(call, file, values.Stat.HasBirth);
        values.ExclusiveCreate = ExclusiveCreate & values.Supported;
        values.FsIdMajor = file.FileSystem.High;
        values.FsIdMinor = file.FileSystem.Low;
        values.ChangeIsTime = true;
        values.SupportsXattrs = call.Files.SupportsXattrs(file);
        if (wanted.Overlaps(OfLimits))
            values.Limits = call.Files.LimitsOf(file);
        if (wanted.Overlaps(OfPath))
            values.FsRoot = call.Service.Pseudo.PathOf(file);
        values.AclSupport = AclSupport;
        if (wanted.Overlaps(OfAcl & values.Supported))
        {
            var status = GetAcl(call, file, out values.Acl);
            if (status != nfsstat4.NFS4_OK)
                return status;
        }
        if (wanted.Overlaps(OfSpace))
        {
            var status = call.Files.FsStat(file, out values.Space, out _).ToNfs();
            if (status != nfsstat4.NFS4_OK)
                return status;
        }
        return wanted.Overlaps(OfQuota & values.Supported) ? GetQuota(call, file, ref values) : nfsstat4.NFS4_OK;
    }

    /// <summary>That of the file's owner. Quotas may have been turned off meanwhile.</summary>
    private static nfsstat4 GetQuota(Compound call, in FileRef file, ref AttributeValues values)
    {
        var status = call.Files.QuotaOf(file, values.Stat.Uid, out values.Quota);
        if (status != VfsStatus.NotSupp)
            return status.ToNfs();
        values.Supported = values.Supported.Without(OfQuota);
        return nfsstat4.NFS4_OK;
    }

    private void OfPseudo(Compound call, Pseudo.PseudoNode node, ref AttributeValues values)
    {
        call.Service.Pseudo.Describe(call, node, out values.Stat);
        values.Supported = AttributeTable.Of(call.MinorVersion).Without(AllOfAcl | OfBirth | OfClones | OfQuota);
        values.ExclusiveCreate = ExclusiveCreate & values.Supported;
        values.MountedOnFileId = values.Stat.FileId;
        values.FsRoot = "/";
        values.Limits = new FileSystemLimits(long.MaxValue, 1, FileService.MaxName, 1, HardLinks: false, Symlinks: false, Homogeneous: true,
            CanSetTime: false, NoTrunc: true, ChownRestricted: true, CaseInsensitive: false, CasePreserving: true);
        values.HandleLength = call.Service.Pseudo.MakeHandle(node, values.Handle);
    }

    private static AttributeSet Supported(Compound call, in FileRef file, bool hasBirth)
    {
        var supported = AttributeTable.Of(call.MinorVersion);
        if (!call.Files.SupportsAccessLists(file) || file.Type == FileType.Symlink)
            supported = supported.Without(AllOfAcl);
        if (!hasBirth)
            supported = supported.Without(OfBirth);
        if (!call.Files.SupportsQuotas(file))
            supported = supported.Without(OfQuota);
        return call.Files.SupportsClones(file) ? supported : supported.Without(OfClones);
    }

    /// <summary>fattr4: what is supported of what was asked for, by ascending numbers.</summary>
    private static nfsstat4 Write(Compound call, in AttributeValues values, AttributeSet wanted, ref XdrWriter reply)
    {
        var set = wanted & values.Supported;
        int most = FixedRoom + 2 * OwnerNames.MaxLength + values.Acl.Length + (values.FsRoot is null ? 0 : PathRoom);
        int room = Math.Min(most, call.Left(reply));
        if (reply.Room < room)
            call.Rpc.EnsureRoom(ref reply, room);
        int start = reply.Position;
        set.Write(ref reply);
        int length = reply.Skip();
        int first = reply.Position;
        WriteValues(values, set.Low, 0, ref reply);
        WriteValues(values, set.High, 64, ref reply);
        if (!reply.Overflow && call.Reserve(ref reply, 0) == nfsstat4.NFS4_OK)
        {
            reply.Patch(length, (uint)(reply.Position - first));
            return nfsstat4.NFS4_OK;
        }
        reply.Position = start;
        // Asking for more than any answer has makes it say which bound was met.
        return call.Reserve(ref reply, int.MaxValue);
    }

    private static void WriteValues(in AttributeValues values, ulong set, int from, ref XdrWriter reply)
    {
        for (; set != 0; set &= set - 1)
            AttributeTable.ByNumber[from + System.Numerics.BitOperations.TrailingZeroCount(set)]!.Get!(values, ref reply);
    }
}
