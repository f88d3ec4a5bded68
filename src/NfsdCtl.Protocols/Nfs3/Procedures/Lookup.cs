using NfsdCtl.Protocols.Nfs3.Encoding;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs3.Procedures;

/// <summary>RFC 1813 §3.3.3: the handle of a name. ".." at the root of an export stays there.</summary>
internal static class Lookup
{
    public static AcceptStatus Execute(in Nfs3Call call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!LOOKUP3args.Read(ref arguments, out var args))
            return AcceptStatus.GarbageArgs;
        var status = call.Resolve(args.what.dir.data, out var directory);
        using (directory)
        {
            Attributes attributes = default;
            FileRef child = default;
            if (status == VfsStatus.Ok)
                status = call.Files.Lookup(directory, args.what.name, out child, out attributes);
            using (child)
            {
                reply.Status(status);
                if (status == VfsStatus.Ok)
                {
                    reply.Handle(call.Files, child);
                    reply.PostOp(attributes);
                }
            }
            bool known = call.TryGetAttr(directory, out attributes);
            reply.PostOp(known, attributes);
        }
        return AcceptStatus.Success;
    }
}
