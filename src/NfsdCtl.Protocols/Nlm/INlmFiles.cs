using NfsdCtl.Vfs;
using NfsdCtl.Vfs.Exports;

namespace NfsdCtl.Protocols.Nlm;

/// <summary>What the lock manager asks of the file layer.</summary>
public interface INlmFiles
{
    /// <summary>
    /// Which file a handle means and through which export this client reaches it, without opening the file: BADHANDLE when it
    /// is malformed or forged, STALE when its export is not (or no longer) for this client.
    /// </summary>
    VfsStatus Identify(ReadOnlySpan<byte> handle, in Caller caller, out FileKey file, out Export? export);

    /// <summary>
    /// The same for one who wants to lock it, who must own the file or be allowed to read it (NFSD_MAY_LOCK, fs/nfsd/lockd.c): ACCESS
    /// when not.
    /// </summary>
    VfsStatus IdentifyForLock(ReadOnlySpan<byte> handle, in Caller caller, out FileKey file, out Export? export);
}
