using NfsdCtl.Protocols.Nfs3.Encoding;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs3.Procedures;

/// <summary>RFC 1813 §3.3.9: makes a directory.</summary>
internal static class MkDir
{
    public static AcceptStatus Execute(in Nfs3Call call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!MKDIR3args.Read(ref arguments, out var args))
            return AcceptStatus.GarbageArgs;
        WccData wcc = default;
        var status = call.Resolve(args.where.dir.data, out var directory);
        using (directory)
        {
            FileRef child = default;
            Attributes attributes = default;
            if (status == VfsStatus.Ok)
                status = call.Files.MakeDirectory(directory, args.where.name, args.attributes.ToSetAttributes(), out child, out attributes, out wcc);
            using (child)
            {
                status = call.FinishCreation(status, child, directory, ref wcc);
                reply.Created(call.Files, status, child, attributes, wcc);
            }
        }
        return AcceptStatus.Success;
    }
}
