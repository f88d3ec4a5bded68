using System.Runtime.CompilerServices;
using NfsdCtl.Vfs;

namespace NfsdCtl.Protocols.Nfs4.Attributes;

/// <summary>What attributes of one file are written from: gathered once, as far as they were asked for.</summary>
internal struct AttributeValues
{
    public Compound Call;

    /// <summary>What is answered for this file in this minor version (supported_attrs).</summary>
    public AttributeSet Supported;

    /// <summary>What EXCLUSIVE4_1 can set at once.</summary>
    public AttributeSet ExclusiveCreate;
    public Vfs.Attributes Stat;
    public FileSystemLimits Limits;
    public FileSystemSpace Space;
    public UserQuota Quota;
    public ulong FsIdMajor;
    public ulong FsIdMinor;
    public ulong MountedOnFileId;

    /// <summary>The change attribute is the change time (change_attr_type4); else nothing is said of how it grows.</summary>
    public bool ChangeIsTime;
    public bool SupportsXattrs;
    public uint AclSupport;
    public HandleBytes Handle;
    public int HandleLength;

    /// <summary>nfsace4&lt;&gt; as it goes out.</summary>
    public ReadOnlyMemory<byte> Acl;

    /// <summary>The path of the root of the filesystem in the server's tree.</summary>
    public string? FsRoot;

    public OwnerNames Owners;

    [InlineArray(FileService.MaxHandle)]
    public struct HandleBytes
    {
        private byte first;
    }
}
