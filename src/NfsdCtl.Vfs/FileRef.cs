using NfsdCtl.Vfs.Exports;
using NfsdCtl.Vfs.FileSystems;
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

    internal FileRef(VfsNode node, ExportRoot root, Export export, in Credential credential, in Caller caller)
        : this(node, root, export, credential, new CallerFacts(caller.Client, caller.IsAnonymous, caller.Uid, caller.Gid, caller.CrossesMounts, caller.Hook))
    {
    }

    private FileRef(VfsNode node, ExportRoot root, Export export, in Credential credential, CallerFacts caller)
    {
        Held = node;
        Root = root;
        Export = export;
        Credential = credential;
        this.caller = caller;
    }

    /// <summary>True when it refers to a file: after status Ok.</summary>
    public readonly bool IsValid => Held is not null;

    public readonly VfsNode Node => Held ?? throw new InvalidOperationException("no file");

    public readonly Export Export { get; } = null!;

    /// <summary>The caller after squashing.</summary>
    public readonly Credential Credential;

    internal readonly ExportRoot Root = null!;

    private readonly CallerFacts caller;

    internal readonly bool CrossesMounts => caller.CrossesMounts;

    internal readonly NetAddress Client => caller.Client;

    /// <summary>The identity of the file for locks and other state.</summary>
    public readonly FileKey Key => Node.Key;

    public readonly FsId FileSystem => Node.Key.FileSystem;

    public readonly FileType Type => Node.Type;

    internal readonly FileSystem Volume => Node.FileSystem;

    /// <summary>The path of the exported directory, as it was exported.</summary>
    public readonly string ExportPath => Root.Path;

    /// <summary>It is the directory that the export names.</summary>
    public readonly bool IsExportRoot => Node.Key == Root.Key;

    /// <summary>The same view of the same file, held once more; both are to be disposed.</summary>
    public readonly FileRef Share()
    {
        Node.AddReference();
        return this;
    }

    /// <summary>The same view for longer than the call: its transport is not told of anything any more. Both are to be disposed.</summary>
    public readonly FileRef Keep()
    {
        Node.AddReference();
        return new FileRef(Node, Root, Export, Credential, caller with { Hook = null });
    }

    public void Dispose()
    {
        Held?.Release();
        Held = null;
    }

    /// <summary>The same caller's view of another file of the export.</summary>
    internal readonly FileRef With(VfsNode node) => new(node, Root, Export, Credential, caller);

    /// <summary>The same caller's view of the root of another export, with that export's squashing.</summary>
    internal readonly FileRef Into(VfsNode node, ExportRoot root, Export export)
    {
        var credential = caller.IsAnonymous
            ? new Credential(export.Options.AnonUid, export.Options.AnonGid, [])
            : Squasher.Apply(caller.Uid, caller.Gid, Credential.Groups, export.Options);
        return new FileRef(node, root, export, credential, caller);
    }

    /// <summary>Tells the caller's transport that what follows may block; not on filesystems that never do.</summary>
    internal readonly void BeforeBlocking()
    {
        if (!Node.FileSystem.LivesInMemory)
            caller.Hook?.BeforeBlocking();
    }

    /// <summary>See <see cref="IBlockingHook.HoldReply"/>.</summary>
    internal readonly IReplyHold? HoldReply() => caller.Hook?.HoldReply();

    private readonly record struct CallerFacts(NetAddress Client, bool IsAnonymous, uint Uid, uint Gid, bool CrossesMounts, IBlockingHook? Hook);
}
