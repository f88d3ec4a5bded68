using System.Buffers.Binary;
using NfsdCtl.State.Nfs4;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 7530 §16.33: who the client is. The record counts from SETCLIENTID_CONFIRM on.</summary>
internal static class SetClientId
{
    /// <summary>The longest netid and universal address that are kept, in bytes.</summary>
    private const int MaxAddress = 128;

    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!SETCLIENTID4args.Read(ref arguments, out var args))
            return nfsstat4.NFS4ERR_BADXDR;
        var location = args.callback.cb_location;
        bool reachable = location.na_r_netid.Length <= MaxAddress && location.na_r_addr.Length <= MaxAddress;
        var request = new SetClientIdRequest
        {
            Server = compound.Rpc.LocalAddress,
            Client = compound.Rpc.PeerAddress,
            Principal = compound.Principal,
            Owner = args.client.id,
            Verifier = BinaryPrimitives.ReadUInt64BigEndian(args.client.verifier),
            CallbackProgram = reachable ? args.callback.cb_program : 0,
            CallbackIdent = args.callback_ident,
            CallbackNetId = reachable ? location.na_r_netid : default,
            CallbackAddress = reachable ? location.na_r_addr : default,
        };
        nfsstat4 status;
        SetClientIdResult result;
        using (var gate = compound.Enter())
        {
            compound.Service.State.Releases.NoteServed(gate, compound.Rpc.LocalAddress);
            status = compound.Nfs4.Clients.SetClientId(gate, request, out result).ToNfs();
        }
        compound.RunEffects();
        return Answer(compound, status, result, ref reply);
    }

    /// <summary>A client id that somebody else has is answered with where that one can be called.</summary>
    private static nfsstat4 Answer(Compound compound, nfsstat4 status, in SetClientIdResult result, ref XdrWriter reply)
    {
        if (status == nfsstat4.NFS4_OK)
        {
            reply.U64(result.ClientId);
            reply.U64(result.Verifier);
        }
        else if (status == nfsstat4.NFS4ERR_CLID_INUSE)
        {
            compound.Rpc.EnsureRoom(ref reply, 2 * (MaxAddress + 8));
            reply.Opaque(result.InUse is { } other ? other.CallbackNetId.Span : default);
            reply.Opaque(result.InUse is { } same ? same.CallbackAddress.Span : default);
        }
        return status;
    }
}
