using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;
using static NfsdCtl.Wire.PortMap.RPCBPROG.RPCBVERS4;

namespace NfsdCtl.Wire.PortMap;

/// <summary>
/// rpcbind's versions 3 and 4 (RFC 1833 §2): the same procedures up to 8, and four more in version 4. The network is that of
/// the transport on which a question came; addresses that are wildcards are answered with the address that was asked.
/// </summary>
internal sealed class RpcbindVersions(PortRegistry registry, TimeProvider time)
{
    private const int MaxString = RpcbindConstants.RPCB_MAXSTR;

    /// <summary>The longest entry of a list: numbers, an address, short names.</summary>
    private const int EntryRoom = 256;

    private readonly RpcbindStatistics statistics = new();

    public AcceptStatus Execute(RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (call.Version == RPCBPROG.RPCBVERS.Number && call.Procedure > RPCBPROC_TADDR2UADDR)
            return AcceptStatus.ProcUnavail;
        statistics.Count(call.Version, call.Procedure);
        return call.Procedure switch
        {
            RPCBPROC_NULL => AcceptStatus.Success,
            RPCBPROC_SET => Set(call, ref arguments, ref reply),
            RPCBPROC_UNSET => Unset(call, ref arguments, ref reply),
            RPCBPROC_GETADDR => GetAddress(call, ref arguments, ref reply, anyVersion: true),
            RPCBPROC_DUMP => Dump(call, ref reply),
            // RFC 1833 §2.2.1: CALLIT and BCAST answer only when they succeeded
            RPCBPROC_BCAST => AcceptStatus.Drop,
            RPCBPROC_GETTIME => GetTime(ref reply),
            RPCBPROC_UADDR2TADDR => ToTransportAddress(ref arguments, ref reply),
            RPCBPROC_TADDR2UADDR => ToUniversalAddress(ref arguments, ref reply),
            RPCBPROC_GETVERSADDR => GetAddress(call, ref arguments, ref reply, anyVersion: false),
            RPCBPROC_GETADDRLIST => GetAddressList(call, ref arguments, ref reply),
            RPCBPROC_GETSTAT => statistics.Write(call, ref reply),
            _ => AcceptStatus.ProcUnavail,
        };
    }

    private AcceptStatus Set(RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!rpcb.Read(ref arguments, out var wanted))
            return AcceptStatus.GarbageArgs;
        bool done = PortMapper.MayRegister(call) && NetId.TryParse(wanted.r_netid, out var transport, out bool v4)
            && UniversalAddress.TryParse(wanted.r_addr, out var address, out ushort port) && port != 0
            && (address.IsWildcard || address.IsV4 == v4)
            && registry.Set(new PortMapping(wanted.r_prog, wanted.r_vers, transport, v4, address.IsWildcard ? NetAddress.Any : address, port));
        return PortMapper.Answer(done, ref reply);
    }

    /// <summary>An empty network identifier means all networks.</summary>
    private AcceptStatus Unset(RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!rpcb.Read(ref arguments, out var wanted))
            return AcceptStatus.GarbageArgs;
        bool done = false;
        if (PortMapper.MayRegister(call))
        {
            if (wanted.r_netid.IsEmpty)
                done = registry.Unset(wanted.r_prog, wanted.r_vers);
            else if (NetId.TryParse(wanted.r_netid, out var transport, out bool v4))
                done = registry.Unset(wanted.r_prog, wanted.r_vers, transport, v4);
        }
        return PortMapper.Answer(done, ref reply);
    }

    private AcceptStatus GetAddress(RpcCall call, ref XdrReader arguments, ref XdrWriter reply, bool anyVersion)
    {
        if (!rpcb.Read(ref arguments, out var wanted))
            return AcceptStatus.GarbageArgs;
        bool v4 = call.LocalAddress.IsV4;
        bool found = registry.TryFind(wanted.r_prog, wanted.r_vers, call.Transport, v4, call.LocalAddress, anyVersion, out var mapped);
        reply.Opaque(found ? AddressOf(mapped, call.LocalAddress) : []);
        return AcceptStatus.Success;
    }

    private AcceptStatus Dump(RpcCall call, ref XdrWriter reply)
    {
        foreach (var m in registry.Current)
        {
            call.EnsureRoom(ref reply, EntryRoom);
            reply.Bool(true);
            new rpcb
            {
                r_prog = m.Program,
                r_vers = m.Version,
                r_netid = NetId.Of(m.Transport, m.IsV4),
                r_addr = UniversalAddress.Format(m.Address, m.IsV4, m.Port),
                r_owner = "superuser"u8,
            }.Write(ref reply);
        }
        reply.Bool(false);
        return AcceptStatus.Success;
    }

    private AcceptStatus GetTime(ref XdrWriter reply)
    {
        reply.U32((uint)time.GetUtcNow().ToUnixTimeSeconds());
        return AcceptStatus.Success;
    }

    private static AcceptStatus ToTransportAddress(ref XdrReader arguments, ref XdrWriter reply)
    {
        var text = arguments.Opaque(MaxString);
        if (arguments.Failed)
            return AcceptStatus.GarbageArgs;
        var bytes = UniversalAddress.TryParse(text, out var address, out ushort port) ? SocketBytes.Make(address, port) : [];
        new netbuf { maxlen = (uint)bytes.Length, buf = bytes }.Write(ref reply);
        return AcceptStatus.Success;
    }

    private static AcceptStatus ToUniversalAddress(ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!netbuf.Read(ref arguments, out var wanted))
            return AcceptStatus.GarbageArgs;
        bool known = SocketBytes.TryRead(wanted.buf, out var address, out bool v4, out ushort port);
        reply.Opaque(known ? UniversalAddress.Format(address, v4, port) : []);
        return AcceptStatus.Success;
    }

    /// <summary>Every network on which that version of the program is (RFC 1833 §2.2.1, RPCBPROC_GETADDRLIST).</summary>
    private AcceptStatus GetAddressList(RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!rpcb.Read(ref arguments, out var wanted))
            return AcceptStatus.GarbageArgs;
        foreach (var m in registry.Current)
        {
            bool reachable = m.Address.IsWildcard ? m.IsV4 == call.LocalAddress.IsV4 : m.Address == call.LocalAddress;
            if (m.Program != wanted.r_prog || m.Version != wanted.r_vers || !reachable)
                continue;
            call.EnsureRoom(ref reply, EntryRoom);
            reply.Bool(true);
            new rpcb_entry
            {
                r_maddr = AddressOf(m, call.LocalAddress),
                r_nc_netid = NetId.Of(m.Transport, m.IsV4),
                r_nc_semantics = m.Transport == Transport.Tcp ? 3u : 1u, // NC_TPI_COTS_ORD, NC_TPI_CLTS
                r_nc_protofmly = m.IsV4 ? "inet"u8 : "inet6"u8,
                r_nc_proto = m.Transport == Transport.Tcp ? "tcp"u8 : "udp"u8,
            }.Write(ref reply);
        }
        reply.Bool(false);
        return AcceptStatus.Success;
    }

    private static byte[] AddressOf(PortMapping mapped, NetAddress asked) =>
        UniversalAddress.Format(mapped.Address.IsWildcard ? asked : mapped.Address, mapped.IsV4, mapped.Port);
}
