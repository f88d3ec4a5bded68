using NfsdCtl.Protocols.Nfs3.Encoding;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs3.Procedures;

/// <summary>RFC 1813 §3.3.2: changes attributes, if the guard's ctime is still the file's.</summary>
internal static class SetAttr
{
    public static AcceptStatus Execute(in Nfs3Call call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!SETATTR3args.Read(ref arguments, out var args))
            return AcceptStatus.GarbageArgs;
        WccData wcc = default;
        var status = call.Resolve(args.@object.data, out var file);
        using (file)
        {
            if (status == VfsStatus.Ok)
            {
                var set = args.new_attributes.ToSetAttributes();
                if (args.guard.check)
                    set.GuardCtime = args.guard.obj_ctime.ToVfsTime();
                status = call.Files.SetAttr(file, set, out wcc);
            }
            status = call.Finish(status, file, ref wcc);
        }
        reply.Status(status);
        reply.Wcc(wcc);
        return AcceptStatus.Success;
    }
}
