using NfsdCtl.Protocols.Nfs3.Encoding;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs3.Procedures;

/// <summary>RFC 1813 §3.3.18: room on the filesystem.</summary>
internal static class FsStat
{
    public static AcceptStatus Execute(in Nfs3Call call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!FSSTAT3args.Read(ref arguments, out var args))
            return AcceptStatus.GarbageArgs;
        FileSystemSpace space = default;
        Attributes attributes = default;
        var status = call.Resolve(args.fsroot.data, out var file);
        using (file)
        {
            if (status == VfsStatus.Ok)
                status = call.Files.FsStat(file, out space, out attributes);
        }
        reply.Status(status);
        reply.PostOp(status == VfsStatus.Ok, attributes);
        if (status != VfsStatus.Ok)
            return AcceptStatus.Success;
        reply.U64(space.TotalBytes);
        reply.U64(space.FreeBytes);
        reply.U64(space.AvailableBytes);
        reply.U64(space.TotalFiles);
        reply.U64(space.FreeFiles);
        reply.U64(space.AvailableFiles);
        // invarsec: local programs may change the filesystem at any time.
        reply.U32(0);
        return AcceptStatus.Success;
    }
}
