using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Mount.Procedures;

/// <summary>RFC 1813 §5.2.4: takes all entries of the caller off the mount list.</summary>
internal static class UmntAll
{
    public static AcceptStatus Execute(MountProgram program, RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
    {
        program.Mounts.RemoveAll(call.PeerAddress);
        return AcceptStatus.Success;
    }
}
