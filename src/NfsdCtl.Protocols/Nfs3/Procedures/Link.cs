using NfsdCtl.Protocols.Nfs3.Encoding;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs3.Procedures;

/// <summary>RFC 1813 §3.3.15: gives a file one more name.</summary>
internal static class Link
{
    public static AcceptStatus Execute(in Nfs3Call call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!LINK3args.Read(ref arguments, out var args))
            return AcceptStatus.GarbageArgs;
        WccData wcc = default;
        Attributes attributes = default;
        bool known;
        var status = call.Resolve(args.file.data, out var file);
        using (file)
        {
            FileRef directory = default;
            if (status == VfsStatus.Ok)
                status = call.Resolve(args.link.dir.data, out directory);
            using (directory)
            {
                if (status == VfsStatus.Ok)
                    status = call.Files.Link(file, directory, args.link.name, out attributes, out wcc);
                known = status == VfsStatus.Ok || call.TryGetAttr(file, out attributes);
                if (status == VfsStatus.Ok)
                    status = call.Files.CommitMetadata(file);
                status = call.Finish(status, directory, ref wcc);
            }
        }
        reply.Status(status);
        reply.PostOp(known, attributes);
        reply.Wcc(wcc);
        return AcceptStatus.Success;
    }
}
