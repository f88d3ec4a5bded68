using NfsdCtl.State.Records;
using NfsdCtl.State.Release;

namespace NfsdCtl.State.Clients;

/// <summary>
/// The clients that are on record for each scope (NSM monitors): a mirror of what is on the filesystem, kept so that a lock of a
/// recorded client costs no look-up on disk. A record stays <see cref="StateOptions.Linger"/> after the last unlock.
/// </summary>
public sealed class ClientTable
{
    /// <summary>A removal that fails so often is given up: the disk has gone, and its record with it.</summary>
    private const int ForgetAttempts = 5;

    private readonly ServerState state;

    internal ClientTable(ServerState state) => this.state = state;

    /// <summary>Clients of which it is not known on which files they may reclaim something.</summary>
    internal int Unsettled { get; set; }

    /// <summary>
    /// Takes over what the disk knows of a scope from an earlier life or another node, before its window is opened. What the disk
    /// says wins, except for clients that hold locks here now.
    /// </summary>
    /// <returns>The clients that did not fit (<see cref="StateOptions.MaxHosts"/>) and are not known here.</returns>
    public int Load(in GateScope gate, Scope scope, ScopeRecord record)
    {
        int left = 0;
        Span<byte> buffer = stackalloc byte[1024];
        foreach (var client in record.Clients)
        {
            if (!System.Text.Encoding.UTF8.TryGetBytes(client.Name.CallerName, buffer, out int length))
            {
                left++;
                continue;
            }
            var caller = new Caller(client.Name.Address, scope.Server, buffer[..length]);
            if ((state.Hosts.Find(caller) ?? state.Hosts.Add(caller)) is not { } host)
            {
                left++;
                continue;
            }
            if (host.Nfs4 is { } nfs4)
                state.Nfs4.Clients.ForgetRevoked(nfs4);
            var entry = state.Hosts.EntryOf(host, scope.FileSystem);
            host.NsmState = client.State == 0 ? host.NsmState : client.State;
            entry.Durable = true;
            if (entry.Held > 0 && !entry.MayReclaim)
                continue;
            entry.HeldNoted = client.Held is not null;
            entry.AllowReclaim(client.Held, loaded: true);
            if (client.Forfeited)
                entry.Forfeit();
        }
        return left;
    }

    /// <summary>
    /// The filesystem leaves this server: its records may be changed by another one, and are loaded anew when it comes back. Clients
    /// that hold something there stay on record. Windows of that filesystem alone go with it, and stay open on its disk.
    /// </summary>
    public void Unload(in GateScope gate, FsId fileSystem)
    {
        state.Grace.Unload(gate, fileSystem);
        foreach (var scope in state.Hosts.Scopes)
        {
            if (scope.Scope.FileSystem != fileSystem)
                continue;
            foreach (var entry in scope.Entries)
            {
                if (entry.Held != 0)
                    continue;
                entry.Durable = false;
                entry.EndReclaim();
                entry.Due = Timed.Never;
            }
        }
        state.Grace.EndComplete(gate);
    }

    /// <summary>
    /// The record of a client whose lease ran out is about to be removed: until <see cref="Recorded"/> it is granted nothing new there, so that it
    /// loses nothing that it takes after it is back. False when it is back already, or has no record any more.
    /// </summary>
    public bool BeginRemoval(in GateScope gate, in RecordNeed need)
    {
        if (EntryOf(need) is not { Durable: true } entry || state.Nfs4.Clients.ExpiredHolder(entry) is null)
            return false;
        entry.Removals++;
        return true;
    }

    /// <summary>
    /// The record that <see cref="RecordNeed"/> asked for is on disk (<paramref name="durable"/>), or could not be written; then
    /// nothing is left of the attempt.
    /// </summary>
    public void Recorded(in GateScope gate, in RecordNeed need, bool durable)
    {
        if (EntryOf(need) is not { } entry)
            return;
        if (need.Kind == RecordNeedKind.Forget)
            entry.Removals--;
        if (!durable)
            return;
        if (need.Kind == RecordNeedKind.Forfeit)
        {
            entry.Forfeit();
            state.Grace.EndComplete(gate);
            state.Locks.EvaluateAll(gate, entry.Scope.Scope.FileSystem);
        }
        else if (need.Kind == RecordNeedKind.Forget)
        {
            entry.Durable = false;
            state.Releases.RevokeExpired(gate, entry);
        }
        // A removal under way may reach the disk after this record: it is to be written again.
        else if (!entry.Forgetting)
        {
            entry.Durable = true;
            entry.HeldNoted = false;
            if (need.KnowsItsLoss && entry.KnowsItsLoss)
                entry.EndReclaim();
            else if (need.KnowsItsLoss && entry.Forfeited)
                state.Releases.AskToForfeit(entry);
            entry.Linger();
        }
    }

    /// <summary>What it reclaimed before it forfeited the rest may be reclaimed again.</summary>
    internal void Acknowledge(ClientEntry entry)
    {
        if (entry.KnowsItsLoss && entry.Held != 0)
            state.Add(new Effect(EffectKind.Acknowledge, entry.Index, Scope: entry.Scope.Scope, Client: entry.Host.Name));
    }

    /// <summary>The removal that an effect ForgetClient asked for is on disk, or failed and is asked for again later.</summary>
    public void Forgotten(in GateScope gate, long id, bool durable)
    {
        if (state.Hosts.EntryOrNull(id) is not { Forgetting: true } entry)
            return;
        entry.Removals--;
        if (durable || ++entry.ForgetFailures >= ForgetAttempts)
        {
            entry.Durable = false;
            entry.ForgetFailures = 0;
            return;
        }
        state.Agenda.Set(entry, state.After(state.Options.PersistRetry));
    }

    /// <summary>
    /// The client's machine started anew (SM_NOTIFY, FREE_ALL): all it held is released, and it will not reclaim. A state number
    /// that was seen before is ignored (0 is never ignored).
    /// </summary>
    /// <param name="callerName">Empty for every name at that client address.</param>
    /// <param name="server">The server address, or any.</param>
    public ReleaseCounts Rebooted(in GateScope gate, NetAddress client, ReadOnlySpan<byte> callerName, NetAddress server, uint nsmState)
    {
        var counts = default(ReleaseCounts);
        foreach (var host in state.Hosts.OfClient(client))
        {
            if ((!callerName.IsEmpty && !callerName.SequenceEqual(host.CallerName)) || (!server.IsWildcard && host.Server != server))
                continue;
            if (nsmState != 0 && host.NsmState == nsmState)
                continue;
            if (nsmState != 0)
                host.NsmState = nsmState;
            counts += state.Releases.ReleaseHost(host);
        }
        state.Grace.EndComplete(gate);
        return counts;
    }

    /// <summary>The known clients of the scopes that <paramref name="scope"/> covers: whom to send SM_NOTIFY.</summary>
    public void CopyKnown(in GateScope gate, Scope scope, List<KnownClient> into)
    {
        foreach (var known in state.Hosts.Scopes)
        {
            if (!scope.Covers(known.Scope))
                continue;
            foreach (var entry in known.Entries)
            {
                if (entry.Durable)
                {
                    into.Add(new KnownClient(known.Scope, entry.Host.Name, entry.Host.NsmState, entry.Held, entry.Expected, entry.MayReclaim, !entry.Missing));
                }
            }
        }
    }

    /// <summary>
    /// A client, other than <paramref name="asking"/>, that may have held on another node, through whatever address, what is about to be granted on the
    /// filesystem outside of every window; or null.
    /// </summary>
    internal ClientEntry? UnsettledOn(FsId fileSystem, ClientEntry? asking)
    {
        if (Unsettled == 0)
            return null;
        foreach (var scope in state.Hosts.Scopes)
        {
            if (scope.Unsettled == 0 || scope.Scope.FileSystem != fileSystem)
                continue;
            foreach (var entry in scope.Entries)
            {
                if (entry.IsUnsettled && entry != asking)
                    return entry;
            }
        }
        return null;
    }

    /// <summary>
    /// A LOCK tells the state number of the client's monitor. Where it is a later one than is known, the machine started anew, and what it held in its
    /// earlier life is released; its notice of that may come much later, and must not take what it has by then. Returns true when it is so.
    /// </summary>
    internal bool NoteState(in GateScope gate, Host host, uint nsmState)
    {
        bool later = (int)(nsmState - host.NsmState) > 0;
        if (host.NsmState != 0 && later)
        {
            Rebooted(gate, host.Name.Address, host.CallerName, NetAddress.Any, nsmState);
            return true;
        }
        if (later)
            host.NsmState = nsmState;
        return false;
    }

    private ClientEntry? EntryOf(in RecordNeed need) =>
        state.Hosts.EntryOrNull(need.Id) is { } entry && entry.Scope.Scope == need.Scope && entry.Host.Name == need.Client ? entry : null;

    internal void Forget(ClientEntry entry)
    {
        if (!entry.Durable || entry.Forgetting)
            return;
        entry.Removals++;
        state.Add(new Effect(EffectKind.ForgetClient, entry.Index, Scope: entry.Scope.Scope, Client: entry.Host.Name));
    }
}

/// <summary>A client on record.</summary>
/// <param name="Held">Lock ranges it holds or waits for now.</param>
/// <param name="Expected">Lock ranges it held in the life before; null when unknown.</param>
/// <param name="MayReclaim">It is known to have held locks before and has not lost the right.</param>
/// <param name="Done">Nothing more is expected of it in an open window.</param>
public readonly record struct KnownClient(Scope Scope, ClientName Name, uint NsmState, long Held, long? Expected, bool MayReclaim, bool Done);
