using NfsdCtl.Protocols.Nfs3.Encoding;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs3.Procedures;

/// <summary>RFC 1813 §3.3.1: the attributes of a file.</summary>
internal static class GetAttr
{
    public static AcceptStatus Execute(in Nfs3Call call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!GETATTR3args.Read(ref arguments, out var args))
            return AcceptStatus.GarbageArgs;
        Attributes attributes = default;
        var status = call.Resolve(args.@object.data, out var file);
        using (file)
        {
            if (status == VfsStatus.Ok)
                status = call.Files.GetAttr(file, out attributes);
        }
        reply.Status(status);
        if (status == VfsStatus.Ok)
            reply.Fattr3(attributes);
        return AcceptStatus.Success;
    }
}
