using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;
using static NfsdCtl.Wire.PortMap.RPCBPROG.PMAP_VERS;

namespace NfsdCtl.Wire.PortMap;

/// <summary>The port mapper's version 2 (RFC 1833 §3), which knows IPv4 only.</summary>
internal sealed class PortmapVersion2(PortRegistry registry)
{
    private const int EntrySize = 5 * sizeof(uint);

    public AcceptStatus Execute(RpcCall call, ref XdrReader arguments, ref XdrWriter reply) => call.Procedure switch
    {
        PMAPPROC_NULL => AcceptStatus.Success,
        PMAPPROC_SET => Set(call, ref arguments, ref reply),
        PMAPPROC_UNSET => Unset(call, ref arguments, ref reply),
        PMAPPROC_GETPORT => GetPort(call, ref arguments, ref reply),
        PMAPPROC_DUMP => Dump(call, ref reply),
        // RFC 1833 §3.2: CALLIT answers only when it succeeded
        PMAPPROC_CALLIT => AcceptStatus.Drop,
        _ => AcceptStatus.ProcUnavail,
    };

    private AcceptStatus Set(RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!mapping.Read(ref arguments, out var wanted))
            return AcceptStatus.GarbageArgs;
        bool done = PortMapper.MayRegister(call) && wanted.port is > 0 and <= ushort.MaxValue && TransportOf(wanted.prot) is { } transport
            && registry.Set(new PortMapping(wanted.prog, wanted.vers, transport, true, NetAddress.Any, (ushort)wanted.port));
        return PortMapper.Answer(done, ref reply);
    }

    private AcceptStatus Unset(RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!mapping.Read(ref arguments, out var wanted))
            return AcceptStatus.GarbageArgs;
        return PortMapper.Answer(PortMapper.MayRegister(call) && registry.Unset(wanted.prog, wanted.vers), ref reply);
    }

    private AcceptStatus GetPort(RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!mapping.Read(ref arguments, out var wanted))
            return AcceptStatus.GarbageArgs;
        PortMapping mapped = default;
        if (TransportOf(wanted.prot) is { } transport)
            registry.TryFind(wanted.prog, wanted.vers, transport, v4: true, call.LocalAddress, anyVersion: true, out mapped);
        reply.U32(mapped.Port);
        return AcceptStatus.Success;
    }

    private AcceptStatus Dump(RpcCall call, ref XdrWriter reply)
    {
        foreach (var m in registry.Current)
        {
            if (!m.IsV4)
                continue;
            call.EnsureRoom(ref reply, EntrySize + sizeof(uint));
            reply.Bool(true);
            new mapping { prog = m.Program, vers = m.Version, prot = (uint)m.Transport, port = m.Port }.Write(ref reply);
        }
        reply.Bool(false);
        return AcceptStatus.Success;
    }

    private static Transport? TransportOf(uint protocol) => protocol switch
    {
        RpcbindConstants.IPPROTO_TCP => Transport.Tcp,
        RpcbindConstants.IPPROTO_UDP => Transport.Udp,
        _ => null,
    };
}
