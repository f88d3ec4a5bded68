using NfsdCtl.Vfs;

namespace NfsdCtl.Protocols.Nfs3;

/// <summary>
/// Names in a directory: any bytes but '/' and NUL, 1 to 255 of them (RFC 1813 §3.2: a name that the server cannot take is
/// NFS3ERR_ACCES). What "." and ".." mean depends on the procedure.
/// </summary>
internal static class Nfs3Name
{
    public static VfsStatus Check(ReadOnlySpan<byte> name)
    {
        if (name.Length > FileService.MaxName)
            return VfsStatus.NameTooLong;
        return name.IsEmpty || name.ContainsAny((byte)'/', (byte)0) ? VfsStatus.Access : VfsStatus.Ok;
    }

    /// <summary>A name to be made: "." and ".." exist in every directory.</summary>
    public static VfsStatus CheckNew(ReadOnlySpan<byte> name) => CheckOrdinary(name, VfsStatus.Exist);

    /// <summary>A name where "." and ".." are refused with <paramref name="dots"/>.</summary>
    public static VfsStatus CheckOrdinary(ReadOnlySpan<byte> name, VfsStatus dots) =>
        IsDot(name) || IsDotDot(name) ? dots : Check(name);

    public static bool IsDot(ReadOnlySpan<byte> name) => name.SequenceEqual("."u8);

    public static bool IsDotDot(ReadOnlySpan<byte> name) => name.SequenceEqual(".."u8);
}
