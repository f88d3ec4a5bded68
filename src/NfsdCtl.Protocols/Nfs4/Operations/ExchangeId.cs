using System.Buffers.Binary;
using System.Text;
using NfsdCtl.State.Nfs4;
using NfsdCtl.Wire.Xdr;
using static NfsdCtl.Protocols.Nfs4.Nfs4Constants;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.35: who the client is, and who the server.</summary>
internal static class ExchangeId
{
    private const uint Known = EXCHGID4_FLAG_SUPP_MOVED_REFER | EXCHGID4_FLAG_SUPP_MOVED_MIGR
        | EXCHGID4_FLAG_BIND_PRINC_STATEID | EXCHGID4_FLAG_MASK_PNFS | EXCHGID4_FLAG_UPD_CONFIRMED_REC_A;

    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!EXCHANGE_ID4args.Read(ref arguments, out var args))
            return nfsstat4.NFS4ERR_BADXDR;
        var status = Check(compound.MinorVersion, args);
        if (status != nfsstat4.NFS4_OK)
            return status;
        var request = new ExchangeIdRequest
        {
            Server = compound.Rpc.LocalAddress,
            Client = compound.Rpc.PeerAddress,
            Principal = compound.Principal,
            Owner = args.eia_clientowner.co_ownerid,
            Verifier = BinaryPrimitives.ReadUInt64BigEndian(args.eia_clientowner.co_verifier),
            MinorVersion = compound.MinorVersion,
            Update = (args.eia_flags & EXCHGID4_FLAG_UPD_CONFIRMED_REC_A) != 0,
        };
        foreach (var implementation in args.eia_client_impl_id)
        {
            request.ImplementationDomain = implementation.nii_domain;
            request.ImplementationName = implementation.nii_name;
        }
        ExchangeIdResult result;
        using (var gate = compound.Enter())
        {
            compound.Service.State.Releases.NoteServed(gate, compound.Rpc.LocalAddress);
            status = compound.Nfs4.Clients.ExchangeId(gate, request, out result).ToNfs();
        }
        compound.RunEffects();
        return status == nfsstat4.NFS4_OK ? Answer(compound, result, ref reply) : Shortage(status);
    }

    /// <summary>
    /// Protection by the machine's credential is for RPCSEC_GSS alone (RFC 8881 §18.35.3); of the algorithms for a shared secret none is
    /// known here.
    /// </summary>
    private static nfsstat4 Check(uint minorVersion, in EXCHANGE_ID4args args)
    {
        // RFC 7862 §14.1.1 brought one flag.
        uint known = minorVersion >= 2 ? Known | EXCHGID4_FLAG_SUPP_FENCE_OPS : Known;
        if ((args.eia_flags & ~known) != 0)
            return nfsstat4.NFS4ERR_INVAL;
        return args.eia_state_protect.spa_how switch
        {
            state_protect_how4.SP4_NONE => nfsstat4.NFS4_OK,
            state_protect_how4.SP4_SSV => nfsstat4.NFS4ERR_ENCR_ALG_UNSUPP,
            _ => nfsstat4.NFS4ERR_INVAL,
        };
    }

    /// <summary>RESOURCE is no status of later minor versions (RFC 8881 §15.1.16.3): the client comes again.</summary>
    internal static nfsstat4 Shortage(nfsstat4 status) => status == nfsstat4.NFS4ERR_RESOURCE ? nfsstat4.NFS4ERR_DELAY : status;

    private static nfsstat4 Answer(Compound compound, in ExchangeIdResult result, ref XdrWriter reply)
    {
        string scope = compound.Service.Options.ServerScope;
        Span<byte> scopeBytes = stackalloc byte[Nfs4Options.MaxServerScope];
        scopeBytes = scopeBytes[..Encoding.UTF8.GetBytes(scope, scopeBytes)];
        var status = compound.Reserve(ref reply, 2 * scopeBytes.Length + 80);
        if (status != nfsstat4.NFS4_OK)
            return status;
        reply.U64(result.ClientId);
        reply.U32(result.Sequence);
        reply.U32(EXCHGID4_FLAG_USE_NON_PNFS | (result.Confirmed ? EXCHGID4_FLAG_CONFIRMED_R : 0));
        reply.U32((uint)state_protect_how4.SP4_NONE);
        reply.U64(0);
        // Two addresses of this server are two servers to a client: each can move to another node by itself.
        Span<byte> major = stackalloc byte[Nfs4Options.MaxServerScope + 16];
        scopeBytes.CopyTo(major);
        compound.Rpc.LocalAddress.CopyTo(major.Slice(scopeBytes.Length, 16));
        reply.Opaque(major[..(scopeBytes.Length + 16)]);
        reply.Opaque(scopeBytes);
        reply.U32(0);
        return nfsstat4.NFS4_OK;
    }
}
