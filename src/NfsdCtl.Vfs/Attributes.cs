namespace NfsdCtl.Vfs;

/// <summary>The kinds of files, numbered as ftype3 (RFC 1813 §2.6).</summary>
public enum FileType : byte
{
    None = 0,
    Regular = 1,
    Directory = 2,
    BlockDevice = 3,
    CharacterDevice = 4,
    Symlink = 5,
    Socket = 6,
    Fifo = 7,
}

/// <summary>A point in time: seconds since 1970 (negative before) and 0..999,999,999 nanoseconds.</summary>
public readonly record struct VfsTime(long Seconds, uint Nanoseconds);

/// <summary>What statx(2) says of a file, all taken in one call.</summary>
public struct Attributes
{
    public FileType Type;

    /// <summary>The permission, set-id and sticky bits (07777).</summary>
    public uint Mode;
    public uint LinkCount;
    public uint Uid;
    public uint Gid;

    /// <summary>Bytes.</summary>
    public ulong Size;

    /// <summary>Bytes of disk that the file takes.</summary>
    public ulong Used;
    public uint DeviceMajor;
    public uint DeviceMinor;

    /// <summary>64 bits of the filesystem's <see cref="FsId"/>: the same on every node that serves it.</summary>
    public ulong FileSystemId;

    /// <summary>The inode number.</summary>
    public ulong FileId;
    public VfsTime Atime;
    public VfsTime Mtime;
    public VfsTime Ctime;

    /// <summary>When the file was made; of use only with <see cref="HasBirth"/>.</summary>
    public VfsTime Birth;

    /// <summary>The filesystem keeps the time at which a file was made.</summary>
    public bool HasBirth;

    /// <summary>
    /// Grows with each change of the file: the kernel's change cookie where statx gives one, else made of the change time.
    /// </summary>
    public ulong ChangeCookie;
}

/// <summary>
/// Weak cache consistency data (RFC 1813 §2.6, wcc_data): what the file was just before and just after an operation. Each
/// half says whether it is known.
/// </summary>
public struct WccData
{
    public bool HasBefore;
    public ulong SizeBefore;
    public VfsTime MtimeBefore;
    public VfsTime CtimeBefore;
    public ulong ChangeBefore;
    public bool HasAfter;
    public Attributes After;

    internal void SetBefore(in Attributes attributes)
    {
        HasBefore = true;
        SizeBefore = attributes.Size;
        MtimeBefore = attributes.Mtime;
        CtimeBefore = attributes.Ctime;
        ChangeBefore = attributes.ChangeCookie;
    }
}

/// <summary>Which time SETATTR sets (RFC 1813 §3.3.2, time_how).</summary>
public enum SetTime : byte
{
    DontChange = 0,
    ToServerTime = 1,
    ToClientTime = 2,
}

/// <summary>The attributes to set; a null or <see cref="SetTime.DontChange"/> member is left alone.</summary>
public struct SetAttributes
{
    /// <summary>07777.</summary>
    public uint? Mode;
    public uint? Uid;
    public uint? Gid;

    /// <summary>Bytes; above 2^63-1 is FBIG.</summary>
    public ulong? Size;
    public SetTime SetAtime;
    public VfsTime Atime;
    public SetTime SetMtime;
    public VfsTime Mtime;

    /// <summary>Permission bits that a new file loses where its directory has no default ACL (RFC 8275 §3); null: none.</summary>
    public uint? Umask;

    /// <summary>When set, the change happens only while ctime still equals it (NOTSYNC else).</summary>
    public VfsTime? GuardCtime;

    public readonly bool IsEmpty =>
        Mode is null && Uid is null && Gid is null && Size is null
        && SetAtime == SetTime.DontChange && SetMtime == SetTime.DontChange;
}

/// <summary>The rights that ACCESS asks for and grants (RFC 1813 §3.3.4).</summary>
[Flags]
public enum AccessMask : uint
{
    None = 0,
    Read = 0x01,
    Lookup = 0x02,
    Modify = 0x04,
    Extend = 0x08,
    Delete = 0x10,
    Execute = 0x20,
    All = 0x3F,
}

/// <summary>How stable written data is (RFC 1813 §3.3.7, stable_how).</summary>
public enum StableHow : byte
{
    Unstable = 0,
    DataSync = 1,
    FileSync = 2,
}

/// <summary>How CREATE treats a name that exists (RFC 1813 §3.3.8, createmode3).</summary>
public enum CreateHow : byte
{
    Unchecked = 0,
    Guarded = 1,
    Exclusive = 2,
}

/// <summary>Room on a filesystem (RFC 1813 §3.3.18): bytes and file slots, for the caller's identity.</summary>
public readonly record struct FileSystemSpace(
    ulong TotalBytes, ulong FreeBytes, ulong AvailableBytes, ulong TotalFiles, ulong FreeFiles, ulong AvailableFiles)
{
    /// <summary>The unit of allocation, in bytes.</summary>
    public uint BlockSize { get; init; }
}

/// <summary>What a filesystem can do (RFC 1813 §3.3.19, §3.3.20).</summary>
public readonly record struct FileSystemLimits(
    ulong MaxFileSize, uint LinkMax, uint NameMax, uint TimeDeltaNanoseconds, bool HardLinks, bool Symlinks, bool Homogeneous, bool CanSetTime,
    bool NoTrunc, bool ChownRestricted, bool CaseInsensitive, bool CasePreserving);
