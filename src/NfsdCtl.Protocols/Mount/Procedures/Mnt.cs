using NfsdCtl.Vfs;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Mount.Procedures;

/// <summary>RFC 1813 §5.2.1: the handle of an exported directory, or of one below it.</summary>
internal static class Mnt
{
    /// <summary>AUTH_SYS (<c>sec=sys</c>); AUTH_NONE is taken too, as the anonymous user, and not advertised.</summary>
    private const uint AuthSys = 1;

    public static AcceptStatus Execute(MountProgram program, RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!dirpathargs.Read(ref arguments, out var args))
            return AcceptStatus.GarbageArgs;
        var status = Resolve(program, call, args.path, out var directory);
        using (directory)
        {
            reply.U32((uint)MountStatus.Of(status));
            if (status != VfsStatus.Ok)
                return AcceptStatus.Success;
            Span<byte> handle = stackalloc byte[FileService.MaxHandle];
            reply.Opaque(handle[..program.Files.MakeHandle(directory, handle)]);
            reply.U32(1);
            reply.U32(AuthSys);
        }
        program.Mounts.Add(new MountEntry(call.PeerAddress, PathText.Of(args.path)));
        return AcceptStatus.Success;
    }

    internal static VfsStatus Resolve(MountProgram program, RpcCall call, ReadOnlySpan<byte> path, out FileRef directory)
    {
        // A path may lead to a disk that sleeps, and nobody mounts often.
        call.BeforeBlocking();
        directory = default;
        return path.IsEmpty || path.Contains((byte)0)
            ? VfsStatus.NoEnt
            : program.Files.ResolvePath(path, call.ToCaller(), out directory);
    }
}
