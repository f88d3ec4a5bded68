namespace NfsdCtl.Vfs.Nodes;

/// <summary>A file's data descriptor, kept open until <see cref="Dispose"/>.</summary>
public struct DataLease : IDisposable
{
    private VfsNode? node;

    internal DataLease(VfsNode node, int descriptor)
    {
        this.node = node;
        Descriptor = descriptor;
    }

    public int Descriptor { get; }

    public void Dispose()
    {
        node?.ReleaseData();
        node = null;
    }
}
