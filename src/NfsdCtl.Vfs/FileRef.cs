using NfsdCtl.Vfs.Exports;
using NfsdCtl.Vfs.Nodes;

namespace NfsdCtl.Vfs;

/// <summary>
/// A file as one caller sees it through one export: the node (held until <see cref="Dispose"/>), the export and the identity
/// that the kernel is to enforce. Made by <see cref="FileService.Resolve"/>, <see cref="FileService.Lookup"/> and the
/// operations that create; passed by reference, never copied or boxed, and gone when the call is answered. Disposing twice is harmless.
/// </summary>
public struct FileRef : IDisposable
{
    internal VfsNode? Held;

    internal FileRef(VfsNode node, Export export, in Credential credential, IBlockingHook? hook)
    {
        Held = node;
        Export = export;
        Credential = credential;
        Hook = hook;
    }

    /// <summary>True when it refers to a file: after status Ok.</summary>
    public readonly bool IsValid => Held is not null;

    public readonly VfsNode Node => Held ?? throw new InvalidOperationException("no file");

    public readonly Export Export { get; } = null!;

    /// <summary>The caller after squashing.</summary>
    public readonly Credential Credential;

    internal readonly IBlockingHook? Hook;

    /// <summary>The identity of the file for locks and other state.</summary>
    public readonly FileKey Key => Node.Key;

    public readonly FsId FileSystem => Node.Key.FileSystem;

    public void Dispose()
    {
        Held?.Release();
        Held = null;
    }
}
