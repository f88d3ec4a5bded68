using NfsdCtl.Protocols.Nfs3.Encoding;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs3.Procedures;

/// <summary>RFC 1813 §3.3.14: renames, atomically; both directories are of one filesystem and one export.</summary>
internal static class Rename
{
    public static AcceptStatus Execute(in Nfs3Call call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!RENAME3args.Read(ref arguments, out var args))
            return AcceptStatus.GarbageArgs;
        WccData fromWcc = default;
        WccData toWcc = default;
        var status = call.Resolve(args.from.dir.data, out var from);
        using (from)
        {
            FileRef to = default;
            if (status == VfsStatus.Ok)
                status = call.Resolve(args.to.dir.data, out to);
            using (to)
            {
                if (status == VfsStatus.Ok)
                    status = call.Files.Rename(from, args.from.name, to, args.to.name, out fromWcc, out toWcc);
                bool one = from.IsValid && to.IsValid && from.Key == to.Key;
                // In one directory there is one change to be made stable.
                if (status == VfsStatus.Ok && !one)
                    status = call.Files.CommitMetadata(from);
                status = call.Finish(status, to, ref toWcc);
                if (!fromWcc.HasAfter && from.IsValid)
                    call.Files.FillAfter(from, ref fromWcc);
            }
        }
        reply.Status(status);
        reply.Wcc(fromWcc);
        reply.Wcc(toWcc);
        return AcceptStatus.Success;
    }
}
