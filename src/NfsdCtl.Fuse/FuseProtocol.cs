using System.Runtime.InteropServices;

namespace NfsdCtl.Fuse;

/// <summary>Operation codes of linux/fuse.h that are answered with anything but ENOSYS.</summary>
public enum FuseOpcode : uint
{
    Lookup = 1,
    Forget = 2,
    GetAttr = 3,
    SetAttr = 4,
    ReadLink = 5,
    SymLink = 6,
    MkNod = 8,
    MkDir = 9,
    Unlink = 10,
    RmDir = 11,
    Rename = 12,
    Link = 13,
    Open = 14,
    Read = 15,
    Write = 16,
    StatFs = 17,
    Release = 18,
    Init = 26,
    OpenDir = 27,
    ReadDir = 28,
    ReleaseDir = 29,
    Create = 35,
    Interrupt = 36,
    Destroy = 38,
    BatchForget = 42,
    Rename2 = 45,
    TmpFile = 51,
}

/// <summary>Constants of linux/fuse.h.</summary>
public static class FuseConstants
{
    public const uint KernelMajor = 7;

    /// <summary>The protocol spoken: the size of every structure below is that of 7.23 to 7.38.</summary>
    public const uint KernelMinor = 38;

    /// <summary>Linux 3.15. Before it the reply to INIT was shorter.</summary>
    public const uint OldestMinor = 23;

    public const ulong RootNode = 1;

    public const uint ATOMIC_O_TRUNC = 1 << 3;
    public const uint BIG_WRITES = 1 << 5;
    public const uint PARALLEL_DIROPS = 1 << 18;

    public const uint FOPEN_DIRECT_IO = 1 << 0;
    public const uint FOPEN_NONSEEKABLE = 1 << 2;

    public const uint FATTR_MODE = 1 << 0;
    public const uint FATTR_UID = 1 << 1;
    public const uint FATTR_GID = 1 << 2;

    /// <summary>The longest name in a directory, in bytes.</summary>
    public const int MaxName = 255;
}

/// <summary>struct fuse_in_header.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseInHeader
{
    public const int Size = 40;
    public uint Length;
    public FuseOpcode Opcode;
    public ulong Unique;
    public ulong Node;
    public uint Uid;
    public uint Gid;
    public uint Pid;
    public ushort ExtensionLength;
    public ushort Padding;
}

/// <summary>struct fuse_out_header.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseOutHeader
{
    public const int Size = 16;
    public uint Length;
    public int Error;
    public ulong Unique;
}

/// <summary>The part of struct fuse_init_in that every kernel since 7.6 sends.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseInitIn
{
    public uint Major;
    public uint Minor;
    public uint MaxReadahead;
    public uint Flags;
}

/// <summary>struct fuse_init_out, 64 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
public struct FuseInitOut
{
    public uint Major;
    public uint Minor;
    public uint MaxReadahead;
    public uint Flags;
    public ushort MaxBackground;
    public ushort CongestionThreshold;
    public uint MaxWrite;
    public uint TimeGranularity;
    public ushort MaxPages;
    public ushort MapAlignment;
    public uint Flags2;
}

/// <summary>struct fuse_attr.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseAttr
{
    public ulong Ino;
    public ulong FileSize;
    public ulong Blocks;
    public ulong AccessTime;
    public ulong ModifyTime;
    public ulong ChangeTime;
    public uint AccessNanoseconds;
    public uint ModifyNanoseconds;
    public uint ChangeNanoseconds;
    public uint Mode;
    public uint Links;
    public uint Uid;
    public uint Gid;
    public uint Device;
    public uint BlockSize;
    public uint Flags;
}

/// <summary>struct fuse_entry_out. Both validities stay 0: nothing is cached.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseEntryOut
{
    public ulong Node;
    public ulong Generation;
    public ulong EntryValid;
    public ulong AttributesValid;
    public uint EntryValidNanoseconds;
    public uint AttributesValidNanoseconds;
    public FuseAttr Attributes;
}

/// <summary>struct fuse_attr_out.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseAttrOut
{
    public ulong Valid;
    public uint ValidNanoseconds;
    public uint Dummy;
    public FuseAttr Attributes;
}

/// <summary>struct fuse_open_in.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseOpenIn
{
    public uint Flags;
    public uint OpenFlags;
}

/// <summary>struct fuse_open_out.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseOpenOut
{
    public ulong Handle;
    public uint OpenFlags;
    public uint Padding;
}

/// <summary>struct fuse_read_in, and struct fuse_write_in, which has the same layout and is followed by the data.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseIoIn
{
    public ulong Handle;
    public ulong Offset;
    public uint Count;
    public uint IoFlags;
    public ulong LockOwner;
    public uint Flags;
    public uint Padding;
}

/// <summary>struct fuse_write_out.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseWriteOut
{
    public uint Count;
    public uint Padding;
}

/// <summary>struct fuse_release_in.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseReleaseIn
{
    public ulong Handle;
    public uint Flags;
    public uint ReleaseFlags;
    public ulong LockOwner;
}

/// <summary>struct fuse_setattr_in as far as it is looked at.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseSetAttrIn
{
    public uint Valid;
    public uint Padding;
}

/// <summary>struct fuse_forget_one.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseForgetOne
{
    public ulong Node;
    public ulong Lookups;
}

/// <summary>struct fuse_batch_forget_in.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseBatchForgetIn
{
    public uint Count;
    public uint Dummy;
}

/// <summary>struct fuse_kstatfs, 80 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Size = 80)]
public struct FuseStatFs
{
    public ulong Blocks;
    public ulong FreeBlocks;
    public ulong AvailableBlocks;
    public ulong Files;
    public ulong FreeFiles;
    public uint BlockSize;
    public uint NameLength;
    public uint FragmentSize;
}

/// <summary>struct fuse_dirent without the name that follows it.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseDirent
{
    public const int Size = 24;
    public ulong Ino;
    public ulong Offset;
    public uint NameLength;
    public uint Type;
}
