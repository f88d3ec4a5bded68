using NfsdCtl.Protocols.Nfs3.Encoding;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs3.Procedures;

/// <summary>RFC 1813 §3.3.21: makes what was written stable.</summary>
internal static class Commit
{
    public static AcceptStatus Execute(in Nfs3Call call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!COMMIT3args.Read(ref arguments, out var args))
            return AcceptStatus.GarbageArgs;
        WccData wcc = default;
        var status = call.Resolve(args.file.data, out var file);
        using (file)
        {
            if (status == VfsStatus.Ok)
                status = call.Files.Commit(file, args.offset, args.count, out wcc);
            if (!wcc.HasAfter && file.IsValid)
                call.Files.FillAfter(file, ref wcc);
            reply.Status(status);
            reply.Wcc(wcc);
            if (status == VfsStatus.Ok)
                reply.U64(call.Files.WriteVerifier(file));
        }
        return AcceptStatus.Success;
    }
}
