using NfsdCtl.Linux;

namespace NfsdCtl.Vfs;

public sealed unsafe partial class FileService
{
    /// <summary>Which of the requested rights the kernel would grant to the caller; a read-only export grants no change.</summary>
    public VfsStatus Access(in FileRef file, AccessMask requested, out AccessMask granted, out Attributes attributes)
    {
        granted = AccessMask.None;
        var status = GetAttr(file, out attributes);
        if (status != VfsStatus.Ok)
            return status;
        ThreadIdentity.Become(file.Credential);
        // The rights mean different things for directories (nfs3_regaccess, nfs3_diraccess, nfs3_anyaccess in fs/nfsd/vfs.c).
        bool directory = file.Type == FileType.Directory;
        const AccessMask Changes = AccessMask.Modify | AccessMask.Extend | AccessMask.Delete;
        var executes = directory ? AccessMask.Lookup : file.Type == FileType.Regular ? AccessMask.Execute : AccessMask.None;
        var writes = directory ? Changes : AccessMask.Modify | AccessMask.Extend;
        if ((requested & AccessMask.Read) != 0 && MayAccess(file, Files.R_OK))
            granted |= AccessMask.Read;
        if ((requested & executes) != 0 && MayAccess(file, Files.X_OK))
            granted |= requested & executes;
        if ((requested & writes) != 0 && !file.Export.Options.ReadOnly && MayAccess(file, Files.W_OK))
            granted |= requested & writes;
        return VfsStatus.Ok;
    }

    /// <summary>Asks the kernel, ACLs and all, for the identity that the thread has taken.</summary>
    private static bool MayAccess(in FileRef file, int rights)
    {
        byte empty = 0;
        return Files.FaccessAt2(file.Node.Descriptor, &empty, rights, Files.AT_EMPTY_PATH | Files.AT_EACCESS | Files.AT_SYMLINK_NOFOLLOW) == 0;
    }

    /// <summary>
    /// Reading and writing through a shared descriptor: the owner always may, since the mode was checked when the client
    /// opened (RFC 1813 §4.4); who may execute may read; everyone else is asked about each time, as in nfsd_permission.
    /// </summary>
    private static VfsStatus CheckData(in FileRef file, in Attributes attributes, int right)
    {
        if (file.Credential.Uid == 0 || file.Credential.Uid == attributes.Uid)
            return VfsStatus.Ok;
        ThreadIdentity.Become(file.Credential);
        if (MayAccess(file, right))
            return VfsStatus.Ok;
        return right == Files.R_OK && MayAccess(file, Files.X_OK) ? VfsStatus.Ok : VfsStatus.Access;
    }
}
