using NfsdCtl.Vfs;

namespace NfsdCtl.Protocols.Nfs4;

/// <summary>What a component4 may be (RFC 8881 §14), and what a file has to be.</summary>
internal static class Names
{
    /// <summary>
    /// Names are bytes, as the filesystem has them: it declares no character set (fs_charset_cap), so none is demanded. Statuses: OK, INVAL
    /// (empty), NAMETOOLONG, BADNAME.
    /// </summary>
    public static nfsstat4 Check(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty)
            return nfsstat4.NFS4ERR_INVAL;
        if (name.Length > FileService.MaxName)
            return nfsstat4.NFS4ERR_NAMETOOLONG;
        if (name is [(byte)'.'] or [(byte)'.', (byte)'.'] || name.Contains((byte)'/'))
            return nfsstat4.NFS4ERR_BADNAME;
        return name.Contains((byte)0) ? nfsstat4.NFS4ERR_BADCHAR : nfsstat4.NFS4_OK;
    }

    /// <summary>A symbolic link has a status of its own, so that the client follows it.</summary>
    public static nfsstat4 RequireDirectory(FileType type) => type switch
    {
        FileType.Directory => nfsstat4.NFS4_OK,
        FileType.Symlink => nfsstat4.NFS4ERR_SYMLINK,
        _ => nfsstat4.NFS4ERR_NOTDIR,
    };

    /// <summary>For operations on data: in minor version 0 anything but a file is INVAL, later WRONG_TYPE or SYMLINK.</summary>
    public static nfsstat4 RequireRegular(uint minorVersion, FileType type) => type switch
    {
        FileType.Regular => nfsstat4.NFS4_OK,
        FileType.Directory => nfsstat4.NFS4ERR_ISDIR,
        FileType.Symlink => minorVersion == 0 ? nfsstat4.NFS4ERR_INVAL : nfsstat4.NFS4ERR_SYMLINK,
        _ => minorVersion == 0 ? nfsstat4.NFS4ERR_INVAL : nfsstat4.NFS4ERR_WRONG_TYPE,
    };
}
