using NfsdCtl.State.Clients;

namespace NfsdCtl.State.Nfs4;

/// <summary>Leases, courtesy, and the end of clients.</summary>
public sealed partial class ClientIds
{
    /// <summary>RENEW. Statuses: Ok, StaleClientId, Expired, CallbackPathDown.</summary>
    public Nfs4Status Renew(in GateScope gate, NetAddress server, ulong clientId)
    {
        var status = Find(gate, server, clientId, out var client);
        // What it held went to somebody else: it has to begin anew (RFC 7530 §9.6.3.1), and is told until it does.
        return status == Nfs4Status.Ok && client!.LostState ? Nfs4Status.Expired : status;
    }

    /// <summary>
    /// Ends a client by its number (the lower half of its id) with all it has, at once (clients/N/ctl): it will not reclaim. False when there is no such client.
    /// </summary>
    public bool Expire(in GateScope gate, uint number, out Release.ReleaseCounts counts)
    {
        counts = default;
        if (Numbered(number) is not { } client)
            return false;
        if (client.Confirmed)
            counts = Remove(gate, client);
        else
            DropPending(client);
        state.Grace.EndComplete(gate);
        return true;
    }

    /// <summary>It has not renewed its lease in time: others may have what it holds.</summary>
    internal bool IsExpired(Nfs4Client client) => client.Renewed < state.Now && state.Since(client.Renewed) > Lease;

    /// <summary>The record of an expired client that holds this seat; null when the seat's client is alive, or no NFSv4 client.</summary>
    internal ClientEntry? ExpiredHolder(Seat seat) => ExpiredHolder(seat.Entry);

    internal ClientEntry? ExpiredHolder(ClientEntry entry) => entry.Host.Nfs4 is { } client && IsExpired(client) ? entry : null;

    internal void LeaseDue(in GateScope gate, Nfs4Client client)
    {
        if (client.IsDead)
            return;
        if (!client.Confirmed)
        {
            DropPending(client);
            return;
        }
        var idle = state.Since(client.Renewed);
        DropOldTombstones(client);
        if (idle <= Lease)
        {
            client.Lapsed = false;
            state.Agenda.Set(client.Timer, state.After(Lease - idle + TimeSpan.FromMilliseconds(1)));
            return;
        }
        if (client.States == 0 || idle >= state.Options.Courtesy)
        {
            Remove(gate, client);
            return;
        }
        // From now on who waits behind it may have what it holds.
        if (!client.Lapsed && client.Host.Seats.Exists(static s => s.Locks != 0))
            state.Locks.EvaluateAll(gate, FsId.Any);
        client.Lapsed = true;
        var next = state.Options.Courtesy - idle;
        state.Agenda.Set(client.Timer, state.After(next < Lease ? next : Lease));
    }

    /// <summary>
    /// Its id, sessions and stateids mean nothing from this moment; what it held is free. The memory is taken back in slices.
    /// </summary>
    /// <param name="mayReclaim">A new life of the client takes its place: what that one may reclaim stays, as it may be of another node.</param>
    internal Release.ReleaseCounts Remove(in GateScope gate, Nfs4Client client, bool mayReclaim = false)
    {
        var counts = state.Releases.ReleaseHost(client.Host, mayReclaim) with { Sessions = client.Sessions.Count };
        client.IsDead = true;
        client.Timer.Due = Timed.Never;
        foreach (var session in client.Sessions)
            nfs4.Sessions.Drop(session);
        client.Sessions.Clear();
        nfs4.Offloads.Drop(client);
        client.Host.Nfs4 = null;
        Forget(client);
        state.Releases.SweepClient(client);
        return counts;
    }

    /// <summary>
    /// The client's state may have lived on another node since it was revoked here: it knows nothing of these stateids any more, and would be told of
    /// them for ever.
    /// </summary>
    internal void ForgetRevoked(Nfs4Client client)
    {
        while (client.FirstTombstone != 0)
            nfs4.States.Free(client.FirstTombstone);
    }

    /// <summary>Nothing refers to the client any more.</summary>
    internal void FreeIndex(Nfs4Client client)
    {
        byIndex[client.Index] = null;
        freeIndexes.Enqueue(client.Index);
    }

    /// <summary>
    /// A client of minor version 0 frees no stateids, and a Linux client of a later one no lock stateids: what was revoked is told for a lease, and
    /// forgotten then.
    /// </summary>
    private void DropOldTombstones(Nfs4Client client)
    {
        if (client.FirstTombstone != 0 && (client.MinorVersion == 0 || client.HasAcknowledged) && state.Since(client.RevokedAt) > Lease)
            ForgetRevoked(client);
    }
}
