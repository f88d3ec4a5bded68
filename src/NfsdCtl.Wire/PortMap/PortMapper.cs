using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Wire.PortMap;

/// <summary>
/// Program 100000, versions 2, 3 and 4 (RFC 1833), for machines on which no rpcbind runs. Only programs of this machine may
/// register: SET and UNSET are refused unless they come over loopback from a privileged port. Calls on behalf of
/// others (CALLIT, BCAST, INDIRECT) are refused: they hide who calls.
/// </summary>
public sealed class PortMapper : RpcProgram
{
    private readonly PortmapVersion2 portmap;
    private readonly RpcbindVersions rpcbind;

    public PortMapper(PortRegistry registry, TimeProvider time)
        : base("portmapper", RPCBPROG.Number, 2, 3, 4)
    {
        portmap = new PortmapVersion2(registry);
        rpcbind = new RpcbindVersions(registry, time);
    }

    public override AcceptStatus Execute(RpcCall call, ref XdrReader arguments, ref XdrWriter reply) =>
        call.Version == RPCBPROG.PMAP_VERS.Number
            ? portmap.Execute(call, ref arguments, ref reply)
            : rpcbind.Execute(call, ref arguments, ref reply);

    internal static bool MayRegister(RpcCall call) => call.PeerAddress.IsLoopback && call.FromPrivilegedPort;

    internal static AcceptStatus Answer(bool result, ref XdrWriter reply)
    {
        reply.Bool(result);
        return AcceptStatus.Success;
    }
}
