using NfsdCtl.State.Clients;

namespace NfsdCtl.State.Nfs4;

/// <summary>SETCLIENTID of minor version 0 (RFC 7530 §16.33).</summary>
public ref struct SetClientIdRequest
{
    /// <summary>The local address of the call.</summary>
    public NetAddress Server;
    public NetAddress Client;
    public Principal Principal;

    /// <summary>nfs_client_id4.id, at most 1024 bytes.</summary>
    public ReadOnlySpan<byte> Owner;

    /// <summary>nfs_client_id4.verifier.</summary>
    public ulong Verifier;

    /// <summary>cb_program; 0 when the address could not be read.</summary>
    public uint CallbackProgram;
    public uint CallbackIdent;

    /// <summary>r_netid and r_addr, each at most 128 bytes: kept for the answer NFS4ERR_CLID_INUSE and for reports.</summary>
    public ReadOnlySpan<byte> CallbackNetId;
    public ReadOnlySpan<byte> CallbackAddress;
}

/// <param name="ClientId">clientid.</param>
/// <param name="Verifier">setclientid_confirm.</param>
/// <param name="InUse">With <see cref="Nfs4Status.ClientIdInUse"/>: who has it.</param>
public readonly record struct SetClientIdResult(ulong ClientId, ulong Verifier, Nfs4Client? InUse);

/// <summary>Client ids of minor version 0.</summary>
public sealed partial class ClientIds
{
    private ulong lastVerifier;

    /// <summary>Statuses: Ok, ClientIdInUse, Resource.</summary>
    public Nfs4Status SetClientId(in GateScope gate, in SetClientIdRequest request, out SetClientIdResult result)
    {
        result = default;
        if (request.Owner.Length > MaxOwner || HostOf(request.Server, 0, request.Owner) is not { } host)
            return Nfs4Status.Resource;
        var confirmed = host.Nfs4;
        if (confirmed is not null && IsTaken(host, request.Principal))
        {
            result = new SetClientIdResult(0, 0, confirmed);
            return Nfs4Status.ClientIdInUse;
        }
        // The same life of the same client changes its call-back: its id stays.
        bool update = confirmed is not null && confirmed.Verifier == request.Verifier && confirmed.Principal == request.Principal;
        var client = update
            ? new Nfs4Client(state, host, confirmed!.Id, confirmed.Index, 0, confirmed.Owner.ToArray())
            : Add(gate, host, request.Client, 0, request.Owner);
        if (client is null)
            return Nfs4Status.Resource;
        client.Verifier = request.Verifier;
        client.Principal = request.Principal;
        client.Address = request.Client;
        client.CallbackProgram = request.CallbackProgram;
        client.CallbackIdent = request.CallbackIdent;
        client.CallbackNetId = request.CallbackNetId.ToArray();
        client.CallbackAddress = request.CallbackAddress.ToArray();
        client.ConfirmVerifier = (ulong)state.Options.Instance << 32 ^ ++lastVerifier * 0x9E37_79B9_7F4A_7C15;
        SetPending(host, client);
        result = new SetClientIdResult(client.Id, client.ConfirmVerifier, null);
        return Nfs4Status.Ok;
    }

    /// <summary>
    /// Statuses: Ok (also for a retransmission), StaleClientId, ClientIdInUse. Effect ProbeCallback: send CB_NULL.
    /// </summary>
    public Nfs4Status SetClientIdConfirm(in GateScope gate, NetAddress server, in Principal principal, ulong clientId, ulong verifier)
    {
        var found = byId.GetValueOrDefault(clientId);
        if (found is null || found.Server != server || found.MinorVersion != 0)
            return Nfs4Status.StaleClientId;
        var host = found.Host;
        if (host.Nfs4Pending is { } pending && pending.Id == clientId && pending.ConfirmVerifier == verifier)
        {
            // Who has the name may have come to hold something since SETCLIENTID was answered.
            if (pending.Principal != principal || IsTaken(host, principal))
                return Nfs4Status.ClientIdInUse;
            if (found == pending)
                return Begin(gate, pending);
            Update(found, pending);
            return Begin(gate, found);
        }
        if (!found.Confirmed || found.ConfirmVerifier != verifier)
            return Nfs4Status.StaleClientId;
        return found.Principal == principal ? Nfs4Status.Ok : Nfs4Status.ClientIdInUse;
    }

    /// <summary>The confirmed client of this id, or null.</summary>
    public Nfs4Client? FindConfirmed(in GateScope gate, ulong clientId) => byId.GetValueOrDefault(clientId) is { Confirmed: true } client ? client : null;

    /// <summary>CB_NULL was tried: whether the client can be called back.</summary>
    public void CallbackProbed(in GateScope gate, ulong clientId, bool up)
    {
        if (byId.GetValueOrDefault(clientId) is { MinorVersion: 0 } client)
            client.CallbackUp = up;
    }

    /// <summary>Another principal has state under this name.</summary>
    private bool IsTaken(Host host, in Principal principal) =>
        host.Nfs4 is { States: not 0 } owner && owner.Principal != principal && !IsExpired(owner);

    private Nfs4Status Begin(in GateScope gate, Nfs4Client client)
    {
        Confirm(gate, client);
        client.LostState = false;
        if (client.CallbackProgram != 0)
            state.Add(new Effect(EffectKind.ProbeCallback, (long)client.Id));
        return Nfs4Status.Ok;
    }

    private void Update(Nfs4Client client, Nfs4Client with)
    {
        client.Address = with.Address;
        client.CallbackProgram = with.CallbackProgram;
        client.CallbackIdent = with.CallbackIdent;
        client.CallbackNetId = with.CallbackNetId;
        client.CallbackAddress = with.CallbackAddress;
        client.ConfirmVerifier = with.ConfirmVerifier;
        client.CallbackUp = false;
        DropPending(with);
    }
}
