using NfsdCtl.Vfs;

namespace NfsdCtl.Protocols.Nfs4.Pseudo;

/// <summary>
/// The read-only directories that join the exports into one tree (RFC 8881 §7.3), as far as a client may see them. All answers are for the
/// call's client; a name that leads only to exports which it may not use is not there.
/// </summary>
internal interface IPseudoFileSystem
{
    /// <summary>PUTROOTFH: the root of the tree; the export of "/" itself where there is one for this client.</summary>
    nfsstat4 Root(Compound call, out CompoundFile file);

    /// <summary>Whether a handle is one of these directories', by its form.</summary>
    bool Owns(ReadOnlySpan<byte> handle);

    /// <summary>PUTFH of a handle that <see cref="Owns"/> told apart. Statuses: OK, BADHANDLE, STALE.</summary>
    nfsstat4 Resolve(Compound call, ReadOnlySpan<byte> handle, out CompoundFile file);

    /// <summary>LOOKUP: another directory of the tree, or the root of an export. The name was checked. Statuses: OK, NOENT, and those of PUTFH.</summary>
    nfsstat4 Lookup(Compound call, PseudoNode directory, ReadOnlySpan<byte> name, out CompoundFile file);

    /// <summary>LOOKUPP of a directory of the tree, or of the root of an export. Statuses: OK, NOENT at the root.</summary>
    nfsstat4 Parent(Compound call, in CompoundFile file, out CompoundFile parent);

    /// <summary>GETFH. Returns the length, at most 64 bytes.</summary>
    int MakeHandle(PseudoNode node, Span<byte> handle);

    /// <summary>
    /// READDIR: the next visible entry behind <paramref name="cookie"/> (0 from the start), with the root of its export where it is one. False
    /// at the end. Cookies are 3 and more. <paramref name="file"/> is to be disposed.
    /// </summary>
    bool Next(Compound call, PseudoNode directory, ref ulong cookie, out ReadOnlySpan<byte> name, out CompoundFile file);

    /// <summary>Attributes of a directory of the tree.</summary>
    void Describe(Compound call, PseudoNode node, out Vfs.Attributes attributes);

    /// <summary>mounted_on_fileid of the root of an export: of the directory of the tree in whose place it is (RFC 8881 §5.8.2.23).</summary>
    ulong MountedOn(in FileRef exportRoot);

    /// <summary>Where the root of a file's export is in the tree, from "/" on.</summary>
    string PathOf(in FileRef file);
}
