using NfsdCtl.Linux;
using NfsdCtl.Vfs.Nodes;

namespace NfsdCtl.Vfs;

public sealed unsafe partial class FileService
{
    /// <summary>Removes what is not a directory (ISDIR for a directory).</summary>
    public VfsStatus Remove(in FileRef directory, ReadOnlySpan<byte> name, out WccData wcc) =>
        Unlink(directory, name, 0, VfsStatus.Access, VfsStatus.Access, out wcc);

    /// <summary>INVAL for <c>.</c> and EXIST for <c>..</c> (RFC 1813 §3.3.13).</summary>
    public VfsStatus RemoveDirectory(in FileRef directory, ReadOnlySpan<byte> name, out WccData wcc) =>
        Unlink(directory, name, Files.AT_REMOVEDIR, VfsStatus.Inval, VfsStatus.Exist, out wcc);

    private VfsStatus Unlink(in FileRef directory, ReadOnlySpan<byte> name, int flags, VfsStatus dot, VfsStatus dotDot, out WccData wcc)
    {
        var buffer = default(NameBuffer);
        var status = BeginChange(directory, name, ref buffer, out wcc);
        if (NameBuffer.IsDot(name))
            status = dot;
        else if (NameBuffer.IsDotDot(name))
            status = dotDot;
        if (status == VfsStatus.Ok)
        {
            ThreadIdentity.Become(directory.Credential);
            var victim = CachedChild(directory, (byte*)&buffer);
            if (Files.UnlinkAt(directory.Node.Descriptor, (byte*)&buffer, flags) < 0)
                status = ErrnoMap.Last;
            LetGo(victim);
        }
        FillAfter(directory, ref wcc);
        return status;
    }

    /// <summary>The node of a name, if there is one in the cache: its descriptor would keep a deleted file's room.</summary>
    private VfsNode? CachedChild(in FileRef directory, byte* name) =>
        KernelHandles.TryGet(directory.Node.Descriptor, name, 0, directory.FileSystem, out var key, out int mountId) && mountId == directory.Volume.MountId
            ? nodes.TryAcquire(key)
            : null;

    /// <summary>Forgets a file whose last name went.</summary>
    private void LetGo(VfsNode? victim)
    {
        if (victim is null)
            return;
        var status = StatDescriptor(victim.Descriptor, victim.FileSystem, out var attributes);
        if (status != VfsStatus.Ok || attributes.LinkCount == 0)
            nodes.Unlink(victim);
        victim.Release();
    }
}
