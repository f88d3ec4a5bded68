using NfsdCtl.Vfs;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Mount.Procedures;

/// <summary>
/// RFC 1094 §A.5: version 1 hands out handles of exactly 32 bytes for NFS version 2, which is not served and which a handle with
/// filesystem identity and MAC does not fit into. The path is judged as in version 3, and what would succeed is EOPNOTSUPP.
/// </summary>
internal static class MntVersion1
{
    private const uint EOPNOTSUPP = 95;

    public static AcceptStatus Execute(MountProgram program, RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!dirpathargs.Read(ref arguments, out var args))
            return AcceptStatus.GarbageArgs;
        var status = Mnt.Resolve(program, call, args.path, out var directory);
        directory.Dispose();
        reply.U32(Errno(MountStatus.Of(status)));
        return AcceptStatus.Success;
    }

    /// <summary>The statuses of version 3 below 10000 are errno values.</summary>
    private static uint Errno(mountstat3 status) => status switch
    {
        mountstat3.MNT3_OK or mountstat3.MNT3ERR_NOTSUPP => EOPNOTSUPP,
        mountstat3.MNT3ERR_SERVERFAULT => (uint)mountstat3.MNT3ERR_IO,
        _ => (uint)status,
    };
}
