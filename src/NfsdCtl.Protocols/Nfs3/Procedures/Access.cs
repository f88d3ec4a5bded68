using NfsdCtl.Protocols.Nfs3.Encoding;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs3.Procedures;

/// <summary>RFC 1813 §3.3.4: which of the rights asked for the caller has.</summary>
internal static class Access
{
    public static AcceptStatus Execute(in Nfs3Call call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!ACCESS3args.Read(ref arguments, out var args))
            return AcceptStatus.GarbageArgs;
        Attributes attributes = default;
        AccessMask granted = default;
        var status = call.Resolve(args.@object.data, out var file);
        bool found = status == VfsStatus.Ok;
        using (file)
        {
            if (found)
                status = call.Files.Access(file, (AccessMask)args.access & AccessMask.All, out granted, out attributes);
        }
        reply.Status(status);
        reply.PostOp(found && attributes.Type != FileType.None, attributes);
        if (status == VfsStatus.Ok)
            reply.U32((uint)granted);
        return AcceptStatus.Success;
    }
}
