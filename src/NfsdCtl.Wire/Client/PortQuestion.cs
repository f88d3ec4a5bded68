using NfsdCtl.Wire.PortMap;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Wire.Client;

/// <summary>
/// The question for a port: GETPORT of version 2 over IPv4, which every port mapper knows, and GETADDR of version 4 over
/// IPv6, which version 2 cannot speak of.
/// </summary>
internal static class PortQuestion
{
    public static RpcRequest For(RpcRequest request)
    {
        byte[] room = new byte[256];
        var w = new XdrWriter(room);
        bool v4 = request.To.IsV4;
        if (v4)
        {
            new mapping { prog = request.Program, vers = request.Version, prot = (uint)request.Transport }.Write(ref w);
        }
        else
        {
            new rpcb
            {
                r_prog = request.Program,
                r_vers = request.Version,
                r_netid = NetId.Of(request.Transport, v4: false),
            }.Write(ref w);
        }
        return request with
        {
            Port = RpcbindConstants.PMAP_PORT,
            Program = RPCBPROG.Number,
            Version = v4 ? RPCBPROG.PMAP_VERS.Number : RPCBPROG.RPCBVERS4.Number,
            Procedure = v4 ? RPCBPROG.PMAP_VERS.PMAPPROC_GETPORT : RPCBPROG.RPCBVERS4.RPCBPROC_GETADDR,
            Identity = null,
            Privileged = false,
            Arguments = w.Written.ToArray(),
        };
    }

    /// <summary>The port in the answer, or 0.</summary>
    public static ushort Answer(RpcRequest request, ReadOnlySpan<byte> result)
    {
        var r = new XdrReader(result);
        if (request.To.IsV4)
            return r.U32() is var port and <= ushort.MaxValue ? (ushort)port : (ushort)0;
        return UniversalAddress.TryParse(r.Opaque(RpcbindConstants.RPCB_MAXSTR), out _, out ushort found) ? found : (ushort)0;
    }
}
