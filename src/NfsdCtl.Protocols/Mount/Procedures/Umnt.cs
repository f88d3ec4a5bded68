using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Mount.Procedures;

/// <summary>RFC 1813 §5.2.3: takes an entry off the mount list; handles stay good.</summary>
internal static class Umnt
{
    public static AcceptStatus Execute(MountProgram program, RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!dirpathargs.Read(ref arguments, out var args))
            return AcceptStatus.GarbageArgs;
        program.Mounts.Remove(new MountEntry(call.PeerAddress, PathText.Of(args.path)));
        return AcceptStatus.Success;
    }
}
