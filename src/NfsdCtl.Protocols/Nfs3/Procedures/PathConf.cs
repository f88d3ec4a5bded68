using NfsdCtl.Protocols.Nfs3.Encoding;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs3.Procedures;

/// <summary>RFC 1813 §3.3.20: limits of names and links.</summary>
internal static class PathConf
{
    public static AcceptStatus Execute(in Nfs3Call call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!PATHCONF3args.Read(ref arguments, out var args))
            return AcceptStatus.GarbageArgs;
        FileSystemLimits limits = default;
        Attributes attributes = default;
        var status = call.Resolve(args.@object.data, out var file);
        using (file)
        {
            if (status == VfsStatus.Ok)
                status = call.Files.FsInfo(file, out limits, out attributes);
        }
        reply.Status(status);
        reply.PostOp(status == VfsStatus.Ok, attributes);
        if (status != VfsStatus.Ok)
            return AcceptStatus.Success;
        reply.U32(limits.LinkMax);
        reply.U32(limits.NameMax);
        reply.Bool(limits.NoTrunc);
        reply.Bool(limits.ChownRestricted);
        reply.Bool(limits.CaseInsensitive);
        reply.Bool(limits.CasePreserving);
        return AcceptStatus.Success;
    }
}
