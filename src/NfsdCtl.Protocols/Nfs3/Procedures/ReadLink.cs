using NfsdCtl.Protocols.Nfs3.Encoding;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs3.Procedures;

/// <summary>RFC 1813 §3.3.5: what a symbolic link says.</summary>
internal static class ReadLink
{
    /// <summary>The longest link (PATH_MAX), and what comes before it in the reply.</summary>
    public const int Room = MaxTarget + 256;

    private const int MaxTarget = 4096;

    public static AcceptStatus Execute(in Nfs3Call call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!READLINK3args.Read(ref arguments, out var args))
            return AcceptStatus.GarbageArgs;
        var status = call.Resolve(args.symlink.data, out var link);
        using (link)
        {
            int start = reply.Position;
            if (status == VfsStatus.Ok)
                status = Answer(call, link, ref reply);
            if (status == VfsStatus.Ok)
                return AcceptStatus.Success;
            reply.Position = start;
            reply.Status(status);
            bool known = call.TryGetAttr(link, out var attributes);
            reply.PostOp(known, attributes);
        }
        return AcceptStatus.Success;
    }

    /// <summary>The target goes straight to its place in the reply, behind attributes that are known only after it.</summary>
    private static VfsStatus Answer(in Nfs3Call call, in FileRef link, ref XdrWriter reply)
    {
        int start = reply.Position;
        reply.Take(sizeof(uint) + AttributeEncoding.PostOpSize + sizeof(uint));
        var target = reply.Take(MaxTarget);
        var status = call.Files.ReadLink(link, target, out int length, out var attributes);
        if (status != VfsStatus.Ok)
            return status;
        reply.Position = start;
        reply.Status(VfsStatus.Ok);
        reply.PostOp(attributes);
        reply.U32((uint)length);
        reply.Take(length);
        return VfsStatus.Ok;
    }
}
