using System.Buffers.Binary;
using NfsdCtl.Protocols.Nfs3.Encoding;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs3.Procedures;

/// <summary>
/// RFC 1813 §3.3.8: makes a regular file. EXCLUSIVE stores its verifier with the file, so that a retry is known again also
/// after a restart.
/// </summary>
internal static class Create
{
    public static AcceptStatus Execute(in Nfs3Call call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!CREATE3args.Read(ref arguments, out var args))
            return AcceptStatus.GarbageArgs;
        WccData wcc = default;
        var status = call.Resolve(args.where.dir.data, out var directory);
        using (directory)
        {
            FileRef child = default;
            Attributes attributes = default;
            if (status == VfsStatus.Ok)
            {
                ulong verifier = args.how.mode == createmode3.EXCLUSIVE ? BinaryPrimitives.ReadUInt64BigEndian(args.how.verf) : 0;
                status = call.Files.Create(directory, args.where.name, (CreateHow)args.how.mode,
                    args.how.obj_attributes.ToSetAttributes(), verifier, out child, out attributes, out wcc);
            }
            using (child)
            {
                status = call.FinishCreation(status, child, directory, ref wcc);
                reply.Created(call.Files, status, child, attributes, wcc);
            }
        }
        return AcceptStatus.Success;
    }
}
