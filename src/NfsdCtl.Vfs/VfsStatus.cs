namespace NfsdCtl.Vfs;

/// <summary>
/// How an operation ended. The names are those of nfsstat3 (RFC 1813 §2.6) without the prefix; each protocol translates
/// them with one total switch.
/// </summary>
public enum VfsStatus : byte
{
    Ok,
    Perm,
    NoEnt,
    Io,
    NxIo,
    Access,
    Exist,
    XDev,
    NoDev,
    NotDir,
    IsDir,
    Inval,
    FBig,
    NoSpc,
    RoFs,
    MLink,
    NameTooLong,
    NotEmpty,
    DQuot,

    /// <summary>The file is gone, or its filesystem or export is not (or no longer) served to this client.</summary>
    Stale,

    /// <summary>The handle is malformed or its MAC is wrong.</summary>
    BadHandle,
    NotSync,
    BadCookie,
    NotSupp,
    TooSmall,
    ServerFault,
    BadType,

    /// <summary>Try again later: a lease is being broken, a resource is short, a name is being resolved.</summary>
    Jukebox,

    /// <summary>There is no extended attribute of that name.</summary>
    NoXattr,

    /// <summary>The value of an extended attribute is longer than the filesystem takes.</summary>
    XattrTooBig,
}
