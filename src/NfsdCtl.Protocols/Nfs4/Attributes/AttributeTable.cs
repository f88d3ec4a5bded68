using NfsdCtl.Protocols.Nfs4.Operations;
using NfsdCtl.Vfs;
using static NfsdCtl.Protocols.Nfs4.Attributes.AttributeShapes;
using static NfsdCtl.Protocols.Nfs4.Nfs4Constants;

namespace NfsdCtl.Protocols.Nfs4.Attributes;

/// <summary>
/// Every attribute that there is here (RFC 8881 §5.6 to §5.8, RFC 7862 §12.2, RFC 8275, RFC 8276 §8.1). What a POSIX filesystem cannot
/// answer is not among them: archive, hidden, system, mimetype, time_backup, retention, layouts, sacl.
/// </summary>
internal static class AttributeTable
{
    /// <summary>One more than the highest number.</summary>
    public const int Count = (int)FATTR4_XATTR_SUPPORT + 1;

    /// <summary>change_attr_type4 (RFC 7862 §12.2.3).</summary>
    private const uint ChangeIsTimeMetadata = 3;
    private const uint ChangeIsUndefined = 4;

    public static IReadOnlyList<AttributeDefinition> All { get; } =
    [
        new((int)FATTR4_SUPPORTED_ATTRS, Bitmap, (in v, ref w) => v.Supported.Write(ref w)),
        new((int)FATTR4_TYPE, Word, (in v, ref w) => w.U32((uint)v.Stat.Type)),
        new((int)FATTR4_FH_EXPIRE_TYPE, Word, (in v, ref w) => w.U32((uint)FH4_PERSISTENT)),
        new((int)FATTR4_CHANGE, Hyper, (in v, ref w) => w.U64(v.Stat.ChangeCookie)),
        new((int)FATTR4_SIZE, Hyper, (in v, ref w) => w.U64(v.Stat.Size), AttributeSetters.Size),
        new((int)FATTR4_LINK_SUPPORT, Flag, (in v, ref w) => w.Bool(v.Limits.HardLinks)),
        new((int)FATTR4_SYMLINK_SUPPORT, Flag, (in v, ref w) => w.Bool(v.Limits.Symlinks)),
        new((int)FATTR4_NAMED_ATTR, Flag, (in v, ref w) => w.Bool(false)),
        new((int)FATTR4_FSID, Hypers, (in v, ref w) => { w.U64(v.FsIdMajor); w.U64(v.FsIdMinor); }),
        new((int)FATTR4_UNIQUE_HANDLES, Flag, (in v, ref w) => w.Bool(true)),
        new((int)FATTR4_LEASE_TIME, Word, (in v, ref w) => w.U32((uint)v.Call.Nfs4.Clients.Lease.TotalSeconds)),
        // Here they could be had; a failure is written in READDIR.
        new((int)FATTR4_RDATTR_ERROR, Word, (in v, ref w) => w.U32((uint)nfsstat4.NFS4_OK)),
        new((int)FATTR4_ACL, AclList, (in v, ref w) => w.Fixed(v.Acl.Span), AttributeSetters.Acl),
        new((int)FATTR4_ACLSUPPORT, Word, (in v, ref w) => w.U32(v.AclSupport)),
        new((int)FATTR4_CANSETTIME, Flag, (in v, ref w) => w.Bool(v.Limits.CanSetTime)),
        new((int)FATTR4_CASE_INSENSITIVE, Flag, (in v, ref w) => w.Bool(v.Limits.CaseInsensitive)),
        new((int)FATTR4_CASE_PRESERVING, Flag, (in v, ref w) => w.Bool(v.Limits.CasePreserving)),
        new((int)FATTR4_CHOWN_RESTRICTED, Flag, (in v, ref w) => w.Bool(v.Limits.ChownRestricted)),
        new((int)FATTR4_FILEHANDLE, Opaque, (in v, ref w) => w.Opaque(((ReadOnlySpan<byte>)v.Handle)[..v.HandleLength])),
        new((int)FATTR4_FILEID, Hyper, (in v, ref w) => w.U64(v.Stat.FileId)),
        new((int)FATTR4_FILES_AVAIL, Hyper, (in v, ref w) => w.U64(v.Space.AvailableFiles)),
        new((int)FATTR4_FILES_FREE, Hyper, (in v, ref w) => w.U64(v.Space.FreeFiles)),
        new((int)FATTR4_FILES_TOTAL, Hyper, (in v, ref w) => w.U64(v.Space.TotalFiles)),
        new((int)FATTR4_FS_LOCATIONS, Locations, AttributeGetters.FsLocations),
        new((int)FATTR4_HOMOGENEOUS, Flag, (in v, ref w) => w.Bool(v.Limits.Homogeneous)),
        new((int)FATTR4_MAXFILESIZE, Hyper, (in v, ref w) => w.U64(v.Limits.MaxFileSize)),
        new((int)FATTR4_MAXLINK, Word, (in v, ref w) => w.U32(v.Limits.LinkMax)),
        new((int)FATTR4_MAXNAME, Word, (in v, ref w) => w.U32(v.Limits.NameMax)),
        new((int)FATTR4_MAXREAD, Hyper, (in v, ref w) => w.U64((ulong)v.Call.Files.MaxTransfer)),
        new((int)FATTR4_MAXWRITE, Hyper, (in v, ref w) => w.U64((ulong)v.Call.Files.MaxTransfer)),
        new((int)FATTR4_MODE, Word, (in v, ref w) => w.U32(v.Stat.Mode), AttributeSetters.Mode),
        new((int)FATTR4_NO_TRUNC, Flag, (in v, ref w) => w.Bool(v.Limits.NoTrunc)),
        new((int)FATTR4_NUMLINKS, Word, (in v, ref w) => w.U32(v.Stat.LinkCount)),
        new((int)FATTR4_OWNER, Opaque, (in v, ref w) => v.Owners.Write(v.Stat.Uid, isGroup: false, ref w), AttributeSetters.Owner),
        new((int)FATTR4_OWNER_GROUP, Opaque, (in v, ref w) => v.Owners.Write(v.Stat.Gid, isGroup: true, ref w), AttributeSetters.OwnerGroup),
        new((int)FATTR4_QUOTA_AVAIL_HARD, Hyper, (in v, ref w) => w.U64(v.Quota.AvailableHard)),
        new((int)FATTR4_QUOTA_AVAIL_SOFT, Hyper, (in v, ref w) => w.U64(v.Quota.AvailableSoft)),
        new((int)FATTR4_QUOTA_USED, Hyper, (in v, ref w) => w.U64(v.Quota.Used)),
        new((int)FATTR4_RAWDEV, Words, (in v, ref w) => { w.U32(v.Stat.DeviceMajor); w.U32(v.Stat.DeviceMinor); }),
        new((int)FATTR4_SPACE_AVAIL, Hyper, (in v, ref w) => w.U64(v.Space.AvailableBytes)),
        new((int)FATTR4_SPACE_FREE, Hyper, (in v, ref w) => w.U64(v.Space.FreeBytes)),
        new((int)FATTR4_SPACE_TOTAL, Hyper, (in v, ref w) => w.U64(v.Space.TotalBytes)),
        new((int)FATTR4_SPACE_USED, Hyper, (in v, ref w) => w.U64(v.Stat.Used)),
        new((int)FATTR4_TIME_ACCESS, Time, (in v, ref w) => AttributeGetters.Time(v.Stat.Atime, ref w)),
        new((int)FATTR4_TIME_ACCESS_SET, SetTime, null, AttributeSetters.AccessTime),
        new((int)FATTR4_TIME_CREATE, Time, (in v, ref w) => AttributeGetters.Time(v.Stat.Birth, ref w)),
        new((int)FATTR4_TIME_DELTA, Time, (in v, ref w) => AttributeGetters.Time(new VfsTime(0, v.Limits.TimeDeltaNanoseconds), ref w)),
        new((int)FATTR4_TIME_METADATA, Time, (in v, ref w) => AttributeGetters.Time(v.Stat.Ctime, ref w)),
        new((int)FATTR4_TIME_MODIFY, Time, (in v, ref w) => AttributeGetters.Time(v.Stat.Mtime, ref w)),
        new((int)FATTR4_TIME_MODIFY_SET, SetTime, null, AttributeSetters.ModifyTime),
        new((int)FATTR4_MOUNTED_ON_FILEID, Hyper, (in v, ref w) => w.U64(v.MountedOnFileId)),
        new((int)FATTR4_DACL, Acl41, AttributeGetters.Dacl, AttributeSetters.Dacl) { Since = 1 },
        new((int)FATTR4_MODE_SET_MASKED, Words, null, AttributeSetters.ModeMasked) { Since = 1 },
        new((int)FATTR4_SUPPATTR_EXCLCREAT, Bitmap, (in v, ref w) => v.ExclusiveCreate.Write(ref w)) { Since = 1 },
        // Names are bytes: neither FSCHARSET_CAP4_CONTAINS_NON_UTF8 can be denied nor ALLOWS_ONLY_UTF8 claimed (RFC 8881 §14.4).
        new((int)FATTR4_FS_CHARSET_CAP, Word, (in v, ref w) => w.U32(1)) { Since = 1 },
        new((int)FATTR4_CLONE_BLKSIZE, Word, (in v, ref w) => w.U32(v.Space.BlockSize)) { Since = 2 },
        new((int)FATTR4_SPACE_FREED, Hyper, (in v, ref w) => w.U64(v.Stat.LinkCount > 1 ? 0 : v.Stat.Used)) { Since = 2 },
        new((int)FATTR4_CHANGE_ATTR_TYPE, Word, (in v, ref w) => w.U32(v.ChangeIsTime ? ChangeIsTimeMetadata : ChangeIsUndefined)) { Since = 2 },
        new((int)FATTR4_MODE_UMASK, Words, null, AttributeSetters.ModeUmask) { Since = 2 },
        new((int)FATTR4_XATTR_SUPPORT, Flag, (in v, ref w) => w.Bool(v.SupportsXattrs)) { Since = 2 },
    ];

    /// <summary>By number; null where there is none.</summary>
    public static AttributeDefinition?[] ByNumber { get; } = Index();

    /// <summary>What can be set and not read.</summary>
    public static AttributeSet WriteOnly { get; } = Where(a => a.Get is null);

    public static AttributeSet Writable { get; } = Where(a => a.Set is not null);

    private static readonly AttributeSet[] ByMinorVersion = [Where(a => a.Since == 0), Where(a => a.Since <= 1), Where(a => true)];

    /// <summary>What there is in a minor version, on a filesystem that can do everything.</summary>
    public static AttributeSet Of(uint minorVersion) => ByMinorVersion[Math.Min(minorVersion, 2)];

    private static AttributeDefinition?[] Index()
    {
        var index = new AttributeDefinition?[Count];
        foreach (var attribute in All)
            index[attribute.Number] = attribute;
        return index;
    }

    private static AttributeSet Where(Func<AttributeDefinition, bool> condition) =>
        AttributeSet.Of([.. All.Where(condition).Select(a => a.Number)]);
}
