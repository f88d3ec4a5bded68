using NfsdCtl.Control;
using NfsdCtl.Fuse;
using NfsdCtl.Linux;

namespace NfsdCtl.AdminFs;

/// <summary>Shows the admin files through FUSE.</summary>
public sealed class AdminFileSystem(AdminHost host) : IFuseFileSystem
{
    private readonly AdminTree tree = new(host);
    private readonly DateTimeOffset mounted = host.Time.GetUtcNow();

    public int GetAttr(ReadOnlySpan<byte> path, ref FuseAttributes attributes)
    {
        if (tree.Find(path) is not { } node)
            return -Errno.ENOENT;
        attributes = new FuseAttributes { Ino = node.Ino, Mode = FullMode(node), Links = node.File is null ? 2u : 1u, Time = mounted };
        return 0;
    }

    public int ReadLink(ReadOnlySpan<byte> path, Span<byte> buffer) => -Errno.EINVAL;

    public int ReadDir(ReadOnlySpan<byte> path, FuseDirectoryContent content)
    {
        if (tree.List(path) is not { } nodes)
            return -Errno.ENOTDIR;
        foreach (var node in nodes)
            content.Add(node.Path[(node.Path.LastIndexOf('/') + 1)..], node.Ino, FullMode(node));
        return 0;
    }

    public int Open(ReadOnlySpan<byte> path, in FuseContext context, ref FuseFileInfo file)
    {
        if (tree.Find(path) is not { } node)
            return -Errno.ENOENT;
        if (node.File is null)
            return -Errno.EISDIR;
        file.DirectIo = true;
        file.Handle = node.File.Open();
        return 0;
    }

    public int Read(ReadOnlySpan<byte> path, ulong offset, Span<byte> buffer, in FuseContext context, ref FuseFileInfo file) =>
        ((IAdminHandle)file.Handle!).Read(offset, buffer);

    public int Write(ReadOnlySpan<byte> path, ulong offset, ReadOnlySpan<byte> data, in FuseContext context, ref FuseFileInfo file) =>
        ((IAdminHandle)file.Handle!).Write(offset, data, new Caller(CallerProcess.Of(context.Pid), context.Uid, context.Gid), context.Interrupted);

    public void Release(ReadOnlySpan<byte> path, ref FuseFileInfo file) => file.Handle = null;

    private static uint FullMode(AdminNode node) => node.Mode | (node.File is null ? FuseAttributes.S_IFDIR : FuseAttributes.S_IFREG);
}
