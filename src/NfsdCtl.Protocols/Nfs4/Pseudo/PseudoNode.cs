namespace NfsdCtl.Protocols.Nfs4.Pseudo;

/// <summary>A directory of the tree that joins the exports.</summary>
internal abstract class PseudoNode
{
    /// <summary>fileid: the same for one path on every node; never that of the root of a filesystem in the tree.</summary>
    public abstract ulong FileId { get; }
}
