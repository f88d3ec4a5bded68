using System.Text;
using NfsdCtl.State.Clients;

namespace NfsdCtl.State.Nfs4;

/// <summary>EXCHANGE_ID (RFC 8881 §18.35).</summary>
public ref struct ExchangeIdRequest
{
    public NetAddress Server;
    public NetAddress Client;
    public Principal Principal;

    /// <summary>co_ownerid, at most 1024 bytes.</summary>
    public ReadOnlySpan<byte> Owner;

    /// <summary>co_verifier.</summary>
    public ulong Verifier;

    /// <summary>EXCHGID4_FLAG_UPD_CONFIRMED_REC_A.</summary>
    public bool Update;

    /// <summary>That of the compound, for reports: 1 or more.</summary>
    public uint MinorVersion;

    /// <summary>nii_domain and nii_name of the client's implementation id; empty when none. For reports.</summary>
    public ReadOnlySpan<byte> ImplementationDomain;
    public ReadOnlySpan<byte> ImplementationName;
}

/// <param name="ClientId">eir_clientid.</param>
/// <param name="Sequence">eir_sequenceid: what CREATE_SESSION has to say next.</param>
/// <param name="Confirmed">EXCHGID4_FLAG_CONFIRMED_R.</param>
public readonly record struct ExchangeIdResult(ulong ClientId, uint Sequence, bool Confirmed);

/// <summary>Client ids of minor version 1 and later.</summary>
public sealed partial class ClientIds
{
    private const int MaxImplementation = 128;

    /// <summary>Statuses: Ok, ClientIdInUse, NoEntry, NotSame, Permission, Resource (send NFS4ERR_DELAY in minor version 1).</summary>
    public Nfs4Status ExchangeId(in GateScope gate, in ExchangeIdRequest request, out ExchangeIdResult result)
    {
        result = default;
        if (request.Owner.Length > MaxOwner || HostOf(request.Server, 1, request.Owner) is not { } host)
            return Nfs4Status.Resource;
        var confirmed = host.Nfs4;
        bool sameLife = confirmed?.Verifier == request.Verifier;
        bool samePrincipal = confirmed?.Principal == request.Principal;
        if (request.Update && !(confirmed is not null && sameLife && samePrincipal))
            return confirmed is null ? Nfs4Status.NoEntry : sameLife ? Nfs4Status.Permission : Nfs4Status.NotSame;
        if (confirmed is not null && sameLife && samePrincipal)
        {
            // The same client asks again: nothing changes but what it tells of itself (§18.35.4, cases 2 and 6).
            Describe(confirmed, request);
            confirmed.Renew(state.Now);
            result = new ExchangeIdResult(confirmed.Id, confirmed.NextSequence, true);
            return Nfs4Status.Ok;
        }
        // Somebody else uses the same name (case 3): who has state keeps it.
        if (confirmed is not null && !samePrincipal && !IsExpired(confirmed) && (confirmed.States != 0 || confirmed.Sessions.Count != 0))
            return Nfs4Status.ClientIdInUse;
        // One that has nothing goes at once, and the name is free.
        if (confirmed is not null && !samePrincipal)
            Remove(gate, confirmed);
        if (Add(gate, host, request.Client, 1, request.Owner) is not { } client)
            return Nfs4Status.Resource;
        client.Verifier = request.Verifier;
        client.Principal = request.Principal;
        Describe(client, request);
        SetPending(host, client);
        result = new ExchangeIdResult(client.Id, client.NextSequence, false);
        return Nfs4Status.Ok;
    }

    /// <summary>
    /// CREATE_SESSION. A retransmission gets the answer of the first again (RFC 8881 §18.36.4). Statuses: Ok, StaleClientId,
    /// SequenceMisordered, ClientIdInUse, TooSmall, Invalid, Resource.
    /// </summary>
    public Nfs4Status CreateSession(in GateScope gate, in CreateSessionRequest request, out CreateSessionResult result)
    {
        result = default;
        if (byId.GetValueOrDefault(request.ClientId) is not { MinorVersion: 1 } client || client.Server != request.Server)
            return Nfs4Status.StaleClientId;
        if (request.Sequence + 1 == client.NextSequence && client.LastSession.Session is not null)
        {
            result = client.LastSession with { Replayed = true };
            return Nfs4Status.Ok;
        }
        if (request.Sequence != client.NextSequence)
            return Nfs4Status.SequenceMisordered;
        if (!client.Confirmed && client.Principal != request.Principal)
            return Nfs4Status.ClientIdInUse;
        var status = nfs4.Sessions.Agree(request, out var fore, out var back);
        if (status != Nfs4Status.Ok)
            return status;
        if (nfs4.Sessions.Add(client, request, fore, back) is not { } session)
            return Nfs4Status.Resource;
        if (!client.Confirmed)
            Confirm(gate, client);
        client.Renew(state.Now);
        client.NextSequence++;
        client.LastSession = result = new CreateSessionResult(session, request.Sequence, request.BackChannel, fore, back, false);
        return Nfs4Status.Ok;
    }

    /// <summary>Statuses: Ok, StaleClientId, ClientIdBusy.</summary>
    public Nfs4Status DestroyClientId(in GateScope gate, NetAddress server, ulong clientId)
    {
        if (byId.GetValueOrDefault(clientId) is not { MinorVersion: 1 } client || client.Server != server)
            return Nfs4Status.StaleClientId;
        if (client.Sessions.Count != 0 || client.States > client.Revoked || client.Offloads.Exists(static o => o.Result is null))
            return Nfs4Status.ClientIdBusy;
        if (client.Confirmed)
            Remove(gate, client);
        else
            DropPending(client);
        return Nfs4Status.Ok;
    }

    /// <summary>
    /// The client has reclaimed all it wants, on every filesystem or on one (rca_one_fs); a window that waits for no other client
    /// ends. Statuses: Ok, CompleteAlready, DeadSession.
    /// </summary>
    /// <param name="oneFileSystem">Any for all.</param>
    public Nfs4Status ReclaimComplete(in GateScope gate, Nfs4Client client, FsId oneFileSystem)
    {
        if (Opens.Gone(client) is { } gone)
            return gone;
        if (!oneFileSystem.IsAny)
        {
            var entry = state.Hosts.EntryOf(client.Host, oneFileSystem);
            if (entry.Completed)
                return Nfs4Status.CompleteAlready;
            entry.Complete();
        }
        else if (!CompleteAll(client))
        {
            return Nfs4Status.CompleteAlready;
        }
        state.Grace.EndComplete(gate);
        return Nfs4Status.Ok;
    }

    /// <summary>False when nothing was open. What came back to this server after an earlier RECLAIM_COMPLETE may be completed again.</summary>
    private bool CompleteAll(Nfs4Client client)
    {
        bool any = !client.ReclaimComplete;
        client.ReclaimComplete = true;
        foreach (var entry in client.Host.Entries)
        {
            state.Clients.Acknowledge(entry);
            if (!entry.MayReclaim)
                continue;
            any = true;
            entry.Complete();
        }
        return any;
    }

    private static void Describe(Nfs4Client client, in ExchangeIdRequest request)
    {
        client.Address = request.Client;
        client.SeenMinorVersion = Math.Max(1, request.MinorVersion);
        client.ImplementationDomain = Text(request.ImplementationDomain);
        client.ImplementationName = Text(request.ImplementationName);
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes[..Math.Min(MaxImplementation, bytes.Length)]);
}
