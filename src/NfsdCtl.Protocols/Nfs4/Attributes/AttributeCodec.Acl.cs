using NfsdCtl.Protocols.Nfs4.Acl;
using NfsdCtl.Vfs;
using static NfsdCtl.Protocols.Nfs4.Nfs4Constants;

namespace NfsdCtl.Protocols.Nfs4.Attributes;

/// <summary>
/// ACLs (RFC 8881 §6). The kernel enforces the POSIX ACL that an ACL maps to; the ACL itself is kept beside it and told as long as the
/// POSIX ACL is the one that it was mapped to. After a chmod or setfacl the POSIX ACL is told instead.
/// </summary>
internal sealed partial class AttributeCodec
{
    /// <summary>What is kept is what is enforced: entries that allow or deny.</summary>
    private const uint AclSupport = (uint)(ACL4_SUPPORT_ALLOW_ACL | ACL4_SUPPORT_DENY_ACL);

    private nfsstat4 GetAcl(Compound call, in FileRef file, out ReadOnlyMemory<byte> encoded)
    {
        encoded = default;
        var status = call.Files.GetAccessLists(file, out var lists).ToNfs();
        if (status != nfsstat4.NFS4_OK)
            return status;
        var aces = AclCodec.FromKept(lists!.Kept.Span) ?? FromPosix.Map(lists, file.Type == FileType.Directory);
        encoded = AclCodec.Encode(owners, aces);
        return nfsstat4.NFS4_OK;
    }

    private nfsstat4 SetAcl(Compound call, in FileRef file, ReadOnlySpan<byte> encoded)
    {
        var status = AclCodec.Decode(call, owners, encoded, out var aces);
        if (status == nfsstat4.NFS4_OK && file.Type != FileType.Directory && aces.Exists(ace => ace.Has(Ace.AllInheritance)))
            status = nfsstat4.NFS4ERR_INVAL;
        return status == nfsstat4.NFS4_OK ? SetAcl(call, file, aces) : status;
    }

    private static nfsstat4 SetAcl(Compound call, in FileRef file, List<Ace> aces)
    {
        bool isDirectory = file.Type == FileType.Directory;
        var lists = new AccessLists
        {
            Access = ToPosix.Access(aces, isDirectory),
            Default = isDirectory ? ToPosix.Default(aces) : [],
            Kept = AclCodec.ToKept(aces),
        };
        var status = call.Files.SetAccessLists(file, lists);
        return status == VfsStatus.NotSupp ? nfsstat4.NFS4ERR_ATTRNOTSUPP : status.ToNfs();
    }

    /// <summary>Gives a new file what its directory hands down, where that has an ACL of NFSv4; a POSIX ACL is handed down by the kernel.</summary>
    private static nfsstat4 InheritAcl(Compound call, in FileRef directory, in FileRef made, uint? mode)
    {
        if (made.Type == FileType.Symlink || !call.Files.HasKeptAccessList(directory))
            return nfsstat4.NFS4_OK;
        var status = call.Files.GetAccessLists(directory, out var lists).ToNfs();
        if (status != nfsstat4.NFS4_OK || AclCodec.FromKept(lists!.Kept.Span) is not { } aces)
            return status;
        var inherited = AclInheritance.Inherit(aces, made.Type == FileType.Directory, mode);
        return inherited.Count == 0 ? nfsstat4.NFS4_OK : SetAcl(call, made, inherited);
    }
}
