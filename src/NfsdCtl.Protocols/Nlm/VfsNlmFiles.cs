using NfsdCtl.Vfs;
using NfsdCtl.Vfs.Exports;

namespace NfsdCtl.Protocols.Nlm;

/// <summary>Real files and exports.</summary>
public sealed class VfsNlmFiles(FileService files) : INlmFiles
{
    public VfsStatus Identify(ReadOnlySpan<byte> handle, in Caller caller, out FileKey file, out Export? export) =>
        files.Identify(handle, caller, out file, out export);

    public VfsStatus IdentifyForLock(ReadOnlySpan<byte> handle, in Caller caller, out FileKey file, out Export? export) =>
        files.IdentifyForLock(handle, caller, out file, out export);
}
