namespace NfsdCtl.Vfs.Nodes;

/// <summary>A file that the server has a descriptor of. Counted: it stays open while a <see cref="FileRef"/> refers to it.</summary>
public sealed class VfsNode
{
    internal VfsNode(in FileKey key, int descriptor)
    {
        Key = key;
        Descriptor = descriptor;
    }

    public FileKey Key { get; }

    /// <summary>An O_PATH descriptor; valid while a reference is held.</summary>
    public int Descriptor { get; }

    internal void Release()
    {
    }
}
