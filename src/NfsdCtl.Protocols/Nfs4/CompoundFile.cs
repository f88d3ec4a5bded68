using NfsdCtl.Protocols.Nfs4.Pseudo;
using NfsdCtl.Vfs;

namespace NfsdCtl.Protocols.Nfs4;

/// <summary>What a filehandle of a compound refers to: a file of an export, a directory that joins exports, or nothing yet.</summary>
internal struct CompoundFile : IDisposable
{
    /// <summary>Valid for a file of an export.</summary>
    public FileRef File;

    /// <summary>Set for a directory that joins exports.</summary>
    public PseudoNode? Pseudo;

    public readonly bool IsSet => File.IsValid || Pseudo is not null;

    public readonly FileType Type => Pseudo is not null ? FileType.Directory : File.Type;

    /// <summary>The same file, held once more.</summary>
    public readonly CompoundFile Share() => new() { File = File.IsValid ? File.Share() : default, Pseudo = Pseudo };

    public void Dispose()
    {
        File.Dispose();
        Pseudo = null;
    }
}
