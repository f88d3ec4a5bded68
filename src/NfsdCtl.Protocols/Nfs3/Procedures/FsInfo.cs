using NfsdCtl.Protocols.Nfs3.Encoding;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs3.Procedures;

/// <summary>RFC 1813 §3.3.19: what the server likes and can do.</summary>
internal static class FsInfo
{
    /// <summary>READ and WRITE in multiples of a page.</summary>
    private const uint TransferMultiple = 4096;

    /// <summary>A READDIR that is worth a round trip: about a thousand entries.</summary>
    private const uint PreferredDirectory = 64 << 10;

    public static AcceptStatus Execute(in Nfs3Call call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!FSINFO3args.Read(ref arguments, out var args))
            return AcceptStatus.GarbageArgs;
        FileSystemLimits limits = default;
        Attributes attributes = default;
        var status = call.Resolve(args.fsroot.data, out var file);
        using (file)
        {
            if (status == VfsStatus.Ok)
                status = call.Files.FsInfo(file, out limits, out attributes);
        }
        reply.Status(status);
        reply.PostOp(status == VfsStatus.Ok, attributes);
        if (status != VfsStatus.Ok)
            return AcceptStatus.Success;
        uint transfer = (uint)Math.Min(call.Files.MaxTransfer, Read.MaxData(call.Rpc));
        for (int direction = 0; direction < 2; direction++)
        {
            reply.U32(transfer);
            reply.U32(transfer);
            reply.U32(TransferMultiple);
        }
        reply.U32(Math.Min(PreferredDirectory, transfer));
        reply.U64(limits.MaxFileSize);
        reply.U32(0);
        reply.U32(limits.TimeDeltaNanoseconds);
        reply.U32(Properties(limits));
        return AcceptStatus.Success;
    }

    private static uint Properties(in FileSystemLimits limits) =>
        (limits.HardLinks ? (uint)Nfs3Constants.FSF3_LINK : 0)
        | (limits.Symlinks ? (uint)Nfs3Constants.FSF3_SYMLINK : 0)
        | (limits.Homogeneous ? (uint)Nfs3Constants.FSF3_HOMOGENEOUS : 0)
        | (limits.CanSetTime ? (uint)Nfs3Constants.FSF3_CANSETTIME : 0);
}
