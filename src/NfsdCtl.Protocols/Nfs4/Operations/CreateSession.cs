using NfsdCtl.State.Nfs4;
using NfsdCtl.Wire.Xdr;
using static NfsdCtl.Protocols.Nfs4.Nfs4Constants;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.36: makes a session, and confirms the client.</summary>
internal static class CreateSession
{
    /// <summary>sessionid, sequence, flags, twice channel_attrs4 without RDMA.</summary>
    public const int Room = SessionId.Size + 2 * sizeof(uint) + 2 * 7 * sizeof(uint);

    private const uint Known = CREATE_SESSION4_FLAG_PERSIST | CREATE_SESSION4_FLAG_CONN_BACK_CHAN | CREATE_SESSION4_FLAG_CONN_RDMA;
    private const uint AuthSys = 1;

    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!CREATE_SESSION4args.Read(ref arguments, out var args))
            return nfsstat4.NFS4ERR_BADXDR;
        if ((args.csa_flags & ~Known) != 0)
            return nfsstat4.NFS4ERR_INVAL;
        var request = new CreateSessionRequest
        {
            Server = compound.Rpc.LocalAddress,
            Principal = compound.Principal,
            ClientId = args.csa_clientid,
            Sequence = args.csa_sequence,
            Fore = Bounded(compound, args.csa_fore_chan_attrs),
            Back = Asked(args.csa_back_chan_attrs),
            CallbackProgram = args.csa_cb_program,
            BackChannel = (args.csa_flags & CREATE_SESSION4_FLAG_CONN_BACK_CHAN) != 0 && compound.Rpc.BackChannel is not null,
        };
        foreach (var security in args.csa_sec_parms)
        {
            if (security.cb_secflavor != AuthSys)
                continue;
            request.CallbackAuthSys = true;
            request.CallbackUid = security.cbsp_sys_cred.uid;
            request.CallbackGid = security.cbsp_sys_cred.gid;
            break;
        }
        nfsstat4 status;
        CreateSessionResult result;
        using (var gate = compound.Enter())
            status = compound.Nfs4.Clients.CreateSession(gate, request, out result).ToNfs();
        compound.RunEffects();
        if (status != nfsstat4.NFS4_OK)
            return ExchangeId.Shortage(status);
        compound.Service.Connections.Note(result.Session!, compound.Rpc.BackChannel);
        if (result is { BackChannel: true, Replayed: false })
            compound.Service.Effects.Callbacks.Bind(result.Session!, compound.Rpc.BackChannel);
        Answer(result, ref reply);
        return nfsstat4.NFS4_OK;
    }

    private static ChannelAttributes Asked(in channel_attrs4 attributes) => new(
        0, attributes.ca_maxrequestsize, attributes.ca_maxresponsesize, attributes.ca_maxresponsesize_cached, attributes.ca_maxoperations,
        attributes.ca_maxrequests);

    /// <summary>What the transport carries and the settings allow.</summary>
    private static ChannelAttributes Bounded(Compound compound, in channel_attrs4 attributes)
    {
        var asked = Asked(attributes);
        uint most = (uint)compound.Rpc.MaxReply;
        return asked with
        {
            MaxRequest = Math.Min(asked.MaxRequest, most),
            MaxResponse = Math.Min(asked.MaxResponse, most),
            MaxCachedResponse = Math.Min(asked.MaxCachedResponse, most),
            MaxOperations = Math.Min(asked.MaxOperations, (uint)compound.Service.Options.MaxOperations),
        };
    }

    private static void Answer(in CreateSessionResult result, ref XdrWriter reply)
    {
        result.Session!.Id.Write(reply.Take(SessionId.Size));
        reply.U32(result.Sequence);
        reply.U32(result.BackChannel ? (uint)CREATE_SESSION4_FLAG_CONN_BACK_CHAN : 0);
        Channel(result.Fore, ref reply);
        Channel(result.Back, ref reply);
    }

    private static void Channel(in ChannelAttributes attributes, ref XdrWriter reply)
    {
        reply.U32(attributes.HeaderPad);
        reply.U32(attributes.MaxRequest);
        reply.U32(attributes.MaxResponse);
        reply.U32(attributes.MaxCachedResponse);
        reply.U32(attributes.MaxOperations);
        reply.U32(attributes.MaxRequests);
        reply.U32(0);
    }
}
