using NfsdCtl.Protocols.Nfs3.Encoding;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs3.Procedures;

/// <summary>RFC 1813 §3.3.13: removes an empty directory. "." is INVAL and ".." is EXIST, as its implementation notes say.</summary>
internal static class RmDir
{
    public static AcceptStatus Execute(in Nfs3Call call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!RMDIR3args.Read(ref arguments, out var args))
            return AcceptStatus.GarbageArgs;
        WccData wcc = default;
        var status = call.Resolve(args.@object.dir.data, out var directory);
        using (directory)
        {
            if (status == VfsStatus.Ok)
                status = call.Files.RemoveDirectory(directory, args.@object.name, out wcc);
            status = call.Finish(status, directory, ref wcc);
        }
        reply.Status(status);
        reply.Wcc(wcc);
        return AcceptStatus.Success;
    }
}
