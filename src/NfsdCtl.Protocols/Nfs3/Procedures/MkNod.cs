using NfsdCtl.Protocols.Nfs3.Encoding;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs3.Procedures;

/// <summary>RFC 1813 §3.3.11: makes a device, a socket or a fifo; other types are BADTYPE.</summary>
internal static class MkNod
{
    public static AcceptStatus Execute(in Nfs3Call call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!MKNOD3args.Read(ref arguments, out var args))
            return AcceptStatus.GarbageArgs;
        WccData wcc = default;
        var status = call.Resolve(args.where.dir.data, out var directory);
        using (directory)
        {
            FileRef child = default;
            Attributes attributes = default;
            if (status == VfsStatus.Ok)
                status = Make(call, directory, args, out child, out attributes, out wcc);
            using (child)
            {
                status = call.FinishCreation(status, child, directory, ref wcc);
                reply.Created(call.Files, status, child, attributes, wcc);
            }
        }
        return AcceptStatus.Success;
    }

    private static VfsStatus Make(in Nfs3Call call, in FileRef directory, in MKNOD3args args, out FileRef child, out Attributes attributes, out WccData wcc)
    {
        var set = args.what.type is ftype3.NF3CHR or ftype3.NF3BLK
            ? args.what.device.dev_attributes.ToSetAttributes()
            : args.what.pipe_attributes.ToSetAttributes();
        return call.Files.MakeNode(directory, args.where.name, (FileType)args.what.type,
            args.what.device.spec.specdata1, args.what.device.spec.specdata2, set, out child, out attributes, out wcc);
    }
}
