using NfsdCtl.Protocols.Nfs3.Encoding;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs3.Procedures;

/// <summary>RFC 1813 §3.3.12: removes a name of what is no directory.</summary>
internal static class Remove
{
    public static AcceptStatus Execute(in Nfs3Call call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!REMOVE3args.Read(ref arguments, out var args))
            return AcceptStatus.GarbageArgs;
        WccData wcc = default;
        var status = call.Resolve(args.@object.dir.data, out var directory);
        using (directory)
        {
            if (status == VfsStatus.Ok)
                status = call.Files.Remove(directory, args.@object.name, out wcc);
            status = call.Finish(status, directory, ref wcc);
        }
        reply.Status(status);
        reply.Wcc(wcc);
        return AcceptStatus.Success;
    }
}
