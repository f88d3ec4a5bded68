using System.Buffers.Binary;
using NfsdCtl.Vfs;
using NfsdCtl.Vfs.Exports;

namespace NfsdCtl.Protocols.Nfs4.Pseudo;

/// <summary>
/// Joins the exports in force. The tree is made anew when they change; handles and fileids are made of paths, so they are the same after a
/// restart and on another node, and what a client holds of the tree stays good as long as the path leads to an export that it may use.
/// </summary>
internal sealed class PseudoFileSystem(FileService files, TimeProvider clock) : IPseudoFileSystem
{
    /// <summary>A version that handles of files never have, three zeros, and the hash of the path.</summary>
    private const byte HandleVersion = 0x50;
    private const int HandleLength = 4 + 2 * sizeof(ulong);
    private const uint DirectoryMode = 0x16D; // 0555

    private volatile PseudoTree? current;

    private PseudoTree Tree
    {
        get
        {
            var tree = current;
            var snapshot = files.Exports.Current;
            if (tree is not null && ReferenceEquals(tree.Snapshot, snapshot))
                return tree;
            long ticks = (clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks;
            var made = new VfsTime(ticks / TimeSpan.TicksPerSecond, (uint)(ticks % TimeSpan.TicksPerSecond) * 100);
            return current = new PseudoTree(snapshot, made);
        }
    }

    public nfsstat4 Root(Compound call, out CompoundFile file)
    {
        var tree = Tree;
        return Enter(call, tree.RootExport(files, call.Rpc.PeerAddress) ?? tree.Root, out file);
    }

    public bool Owns(ReadOnlySpan<byte> handle) => handle is [HandleVersion, 0, 0, 0, ..];

    public nfsstat4 Resolve(Compound call, ReadOnlySpan<byte> handle, out CompoundFile file)
    {
        file = default;
        if (handle.Length != HandleLength)
            return nfsstat4.NFS4ERR_BADHANDLE;
        ulong low = BinaryPrimitives.ReadUInt64BigEndian(handle[4..]);
        ulong high = BinaryPrimitives.ReadUInt64BigEndian(handle[(4 + sizeof(ulong))..]);
        var tree = Tree;
        // The root is there for everyone, also for a client that may use nothing.
        if (tree.Find(low, high) is not { } directory || (directory.Parent is not null && !PseudoTree.IsVisible(directory, files, call.Rpc.PeerAddress)))
            return nfsstat4.NFS4ERR_STALE;
        file.Pseudo = directory;
        return nfsstat4.NFS4_OK;
    }

    public nfsstat4 Lookup(Compound call, PseudoNode directory, ReadOnlySpan<byte> name, out CompoundFile file)
    {
        file = default;
        return Now(directory).Find(name) is { } child && PseudoTree.IsVisible(child, files, call.Rpc.PeerAddress)
            ? Enter(call, child, out file)
            : nfsstat4.NFS4ERR_NOENT;
    }

    public nfsstat4 Parent(Compound call, in CompoundFile file, out CompoundFile parent)
    {
        parent = default;
        string path = file.Pseudo is PseudoDirectory directory ? directory.Path : file.File.ExportPath;
        var tree = Tree;
        if (path == "/" || (file.File.IsValid && tree.RootExport(files, call.Rpc.PeerAddress)?.Path == path))
            return nfsstat4.NFS4ERR_NOENT;
        string above = PseudoTree.ParentOf(path);
        // Inside of another export that this client may use the way up is through that.
        if (tree.Snapshot.Covering(above) is { } covering && files.VisibilityOf(covering, call.Rpc.PeerAddress) != ExportVisibility.Hidden)
            return files.ResolvePath(System.Text.Encoding.UTF8.GetBytes(above), call.Rpc.ToCaller(), out parent.File).ToNfs();
        if (tree.Find(above) is not { } node)
            return nfsstat4.NFS4ERR_STALE;
        parent.Pseudo = node;
        return nfsstat4.NFS4_OK;
    }

    public int MakeHandle(PseudoNode node, Span<byte> handle)
    {
        var directory = (PseudoDirectory)node;
        handle[..4].Clear();
        handle[0] = HandleVersion;
        BinaryPrimitives.WriteUInt64BigEndian(handle[4..], directory.Low);
        BinaryPrimitives.WriteUInt64BigEndian(handle[(4 + sizeof(ulong))..], directory.High);
        return HandleLength;
    }

    public bool Next(Compound call, PseudoNode directory, ref ulong cookie, out ReadOnlySpan<byte> name, out CompoundFile file)
    {
        foreach (var child in Now(directory).Children)
        {
            if (child.Cookie <= cookie || !PseudoTree.IsVisible(child, files, call.Rpc.PeerAddress))
                continue;
            cookie = child.Cookie;
            // An export whose filesystem is not here now is not a name that leads somewhere.
            if (Enter(call, child, out file) != nfsstat4.NFS4_OK)
                continue;
            name = child.Name;
            return true;
        }
        name = default;
        file = default;
        return false;
    }

    public void Describe(Compound call, PseudoNode node, out Vfs.Attributes attributes)
    {
        var directory = Now(node);
        var made = Tree.Made;
        attributes = new Vfs.Attributes
        {
            Type = FileType.Directory,
            Mode = DirectoryMode,
            LinkCount = 2,
            FileId = node.FileId,
            Atime = made,
            Mtime = made,
            Ctime = made,
            ChangeCookie = node.FileId,
        };
        // It changes exactly when what this client sees here does, on whatever node it asks.
        foreach (var child in directory.Children)
        {
            if (!PseudoTree.IsVisible(child, files, call.Rpc.PeerAddress))
                continue;
            attributes.LinkCount++;
            attributes.ChangeCookie = ulong.RotateLeft(attributes.ChangeCookie, 1) ^ child.High;
        }
    }

    public ulong MountedOn(in FileRef exportRoot) =>
        Tree.Find(exportRoot.ExportPath) is { } directory ? directory.FileId : exportRoot.Export.Tag;

    public string PathOf(in FileRef file) => file.ExportPath;

    /// <summary>The same path among the exports in force; itself when it leads nowhere any more.</summary>
    private PseudoDirectory Now(PseudoNode node)
    {
        var directory = (PseudoDirectory)node;
        return Tree.Find(directory.Path) ?? directory;
    }

    /// <summary>The export of a path where this client may use it, else the directory of the tree.</summary>
    private nfsstat4 Enter(Compound call, PseudoDirectory directory, out CompoundFile file)
    {
        file = default;
        if (directory.Export is { } export)
        {
            switch (files.VisibilityOf(export, call.Rpc.PeerAddress))
            {
                case ExportVisibility.Visible:
                    return files.EnterExport(export, call.Rpc.ToCaller(), out file.File).ToNfs();
                case ExportVisibility.Pending:
                    return nfsstat4.NFS4ERR_DELAY;
                default:
                    break;
            }
        }
        file.Pseudo = directory;
        return nfsstat4.NFS4_OK;
    }
}
