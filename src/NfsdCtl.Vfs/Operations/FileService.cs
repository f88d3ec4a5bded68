using NfsdCtl.Vfs.Exports;
using NfsdCtl.Vfs.Nodes;

namespace NfsdCtl.Vfs;

/// <summary>
/// The operations on files. All are synchronous, take the thread's identity for the caller named in the
/// <see cref="FileRef"/> (see <see cref="ThreadIdentity"/>), allocate nothing when caches are warm, and answer with a
/// <see cref="VfsStatus"/>. The thread keeps the last identity: whoever does file I/O of the server's own on a worker thread
/// calls <see cref="ThreadIdentity.BecomeRoot"/> first.
/// </summary>
public sealed partial class FileService
{
    /// <summary>The longest file handle, in bytes (NFS3_FHSIZE, RFC 1813 §2.4).</summary>
    public const int MaxHandle = 64;

    /// <summary>The longest name, in bytes (NAMETOOLONG above).</summary>
    public const int MaxName = 255;

    /// <summary>
    /// Finds the file of a handle for a caller: BADHANDLE when it is malformed or forged; STALE when the file is gone or its
    /// export is not (any more) for this client; ACCESS for an unprivileged port where the export is <c>secure</c>.
    /// </summary>
    public VfsStatus Resolve(scoped ReadOnlySpan<byte> handle, scoped in Caller caller, out FileRef file) => throw new NotImplementedException();

    /// <summary>
    /// Finds the directory of an absolute path that a client wants to mount: an export, or a directory below one, walked name
    /// by name as root without following symlinks. NOENT, NOTDIR, ACCESS (not exported to this client, or an
    /// unprivileged port).
    /// </summary>
    public VfsStatus ResolvePath(scoped ReadOnlySpan<byte> path, scoped in Caller caller, out FileRef directory) => throw new NotImplementedException();

    /// <summary>The filesystem that a handle names; "any" for one that is malformed. Nothing is opened or looked up.</summary>
    public FsId FileSystemOf(scoped ReadOnlySpan<byte> handle) => throw new NotImplementedException();

    /// <summary>Writes the handle of <paramref name="file"/> and returns its length, at most <see cref="MaxHandle"/>.</summary>
    public int MakeHandle(scoped in FileRef file, Span<byte> handle) => throw new NotImplementedException();

    public VfsStatus GetAttr(scoped in FileRef file, out Attributes attributes) => throw new NotImplementedException();

    /// <summary>Fills <see cref="WccData.After"/> if it can.</summary>
    public void FillAfter(scoped in FileRef file, ref WccData wcc) => throw new NotImplementedException();

    public VfsStatus SetAttr(scoped in FileRef file, scoped in SetAttributes set, out WccData wcc) => throw new NotImplementedException();

    /// <summary>Names are raw bytes. <c>.</c> is the directory; <c>..</c> at the export's root stays there.</summary>
    public VfsStatus Lookup(scoped in FileRef directory, scoped ReadOnlySpan<byte> name, out FileRef child, out Attributes attributes) => throw new NotImplementedException();

    /// <summary>Which of the requested rights the kernel would grant to the caller; a read-only export grants no change.</summary>
    public VfsStatus Access(scoped in FileRef file, AccessMask requested, out AccessMask granted, out Attributes attributes) => throw new NotImplementedException();

    public VfsStatus ReadLink(scoped in FileRef file, Span<byte> target, out int length, out Attributes attributes) => throw new NotImplementedException();

    /// <summary>
    /// Reads up to <c>buffer.Length</c> bytes: first what is in memory; when it is not, the hook is told and the read blocks.
    /// </summary>
    public VfsStatus Read(scoped in FileRef file, ulong offset, Span<byte> buffer, out int count, out bool endOfFile, out Attributes attributes) => throw new NotImplementedException();

    /// <summary>
    /// A descriptor to splice from, after the same checks as <see cref="Read"/>. When the range is not in memory the hook is
    /// told. The lease is disposed when the data has been taken.
    /// </summary>
    public VfsStatus OpenForRead(scoped in FileRef file, ulong offset, int count, out DataLease lease, out Attributes attributes) => throw new NotImplementedException();

    /// <summary>Writes; a short count is possible. <paramref name="committed"/> is at least what was asked, except on <c>async</c> exports as exports(5) says.</summary>
    public VfsStatus Write(scoped in FileRef file, ulong offset, scoped ReadOnlySpan<byte> data, StableHow stable, out int count, out StableHow committed, out WccData wcc) => throw new NotImplementedException();

    /// <summary>Makes written data stable. Concurrent calls for one file share one fdatasync. A count of 0 means to the end.</summary>
    public VfsStatus Commit(scoped in FileRef file, ulong offset, uint count, out WccData wcc) => throw new NotImplementedException();

    /// <summary>
    /// 8 bytes that change when unstable data of this file's filesystem may have been lost: at each start of the server and
    /// after a failed sync (RFC 1813 §3.3.7, writeverf3).
    /// </summary>
    public ulong WriteVerifier(scoped in FileRef file) => throw new NotImplementedException();

    /// <summary>
    /// Makes the last change of this directory or file's metadata stable; grouped as <see cref="Commit"/> is. Does nothing on
    /// <c>async</c> exports and on filesystems that live in memory.
    /// </summary>
    public VfsStatus CommitMetadata(scoped in FileRef file) => throw new NotImplementedException();

    /// <summary>
    /// <paramref name="verifier"/> counts with <see cref="CreateHow.Exclusive"/> only; <paramref name="set"/> with the others
    /// only. An exclusive create that finds its own verifier succeeds, also after a restart.
    /// </summary>
    public VfsStatus Create(scoped in FileRef directory, scoped ReadOnlySpan<byte> name, CreateHow how, scoped in SetAttributes set, ulong verifier,
        out FileRef child, out Attributes attributes, out WccData wcc) => throw new NotImplementedException();

    public VfsStatus MakeDirectory(scoped in FileRef directory, scoped ReadOnlySpan<byte> name, scoped in SetAttributes set,
        out FileRef child, out Attributes attributes, out WccData wcc) => throw new NotImplementedException();

    public VfsStatus MakeSymlink(scoped in FileRef directory, scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> target, scoped in SetAttributes set,
        out FileRef child, out Attributes attributes, out WccData wcc) => throw new NotImplementedException();

    /// <param name="type">Fifo, Socket, BlockDevice or CharacterDevice; BADTYPE else.</param>
    public VfsStatus MakeNode(scoped in FileRef directory, scoped ReadOnlySpan<byte> name, FileType type, uint major, uint minor, scoped in SetAttributes set,
        out FileRef child, out Attributes attributes, out WccData wcc) => throw new NotImplementedException();

    /// <summary>Removes what is not a directory (ISDIR for a directory).</summary>
    public VfsStatus Remove(scoped in FileRef directory, scoped ReadOnlySpan<byte> name, out WccData wcc) => throw new NotImplementedException();

    public VfsStatus RemoveDirectory(scoped in FileRef directory, scoped ReadOnlySpan<byte> name, out WccData wcc) => throw new NotImplementedException();

    /// <summary>XDEV across filesystems and across exports.</summary>
    public VfsStatus Rename(scoped in FileRef fromDirectory, scoped ReadOnlySpan<byte> fromName, scoped in FileRef toDirectory, scoped ReadOnlySpan<byte> toName,
        out WccData fromWcc, out WccData toWcc) => throw new NotImplementedException();

    /// <summary>Attributes of the file come after; XDEV across filesystems and across exports.</summary>
    public VfsStatus Link(scoped in FileRef file, scoped in FileRef directory, scoped ReadOnlySpan<byte> name, out Attributes attributes, out WccData directoryWcc) => throw new NotImplementedException();

    /// <summary>
    /// Starts to list a directory behind <paramref name="cookie"/> (0: from the start). Verifiers are 0 and never checked,
    /// since cookies are the filesystem's own positions and stay good while the directory changes. The reader is disposed at
    /// the end.
    /// </summary>
    public VfsStatus ReadDirectory(scoped in FileRef directory, ulong cookie, ulong cookieVerifier, out DirectoryReader reader, out Attributes attributes) => throw new NotImplementedException();

    public VfsStatus FsStat(scoped in FileRef file, out FileSystemSpace space, out Attributes attributes) => throw new NotImplementedException();

    public VfsStatus FsInfo(scoped in FileRef file, out FileSystemLimits limits, out Attributes attributes) => throw new NotImplementedException();
}
