using System.Runtime.InteropServices;
using System.Security.Cryptography;
using NfsdCtl.State.Clients;

namespace NfsdCtl.State.Nfs4;

/// <summary>
/// Client records, from their making to their end, and leases. A record is unconfirmed until SETCLIENTID_CONFIRM or
/// CREATE_SESSION; its state lives as long as it renews its lease, and beyond that until somebody else wants what it holds, or
/// <see cref="StateOptions.Courtesy"/> has passed.
/// </summary>
public sealed partial class ClientIds
{
    /// <summary>The longest nfs_client_id4.id or co_ownerid, in bytes (NFS4_OPAQUE_LIMIT).</summary>
    public const int MaxOwner = 1024;

    /// <summary>The longest owner that records keep as it is, in bytes.</summary>
    private const int MaxPlainName = 512;

    private readonly ServerState state;
    private readonly Nfs4State nfs4;
    private readonly Dictionary<ulong, Nfs4Client> byId = [];
    private readonly List<Nfs4Client?> byIndex = [null];
    private readonly Queue<int> freeIndexes = new();
    private readonly Dictionary<NetAddress, int> byOrigin = [];
    private uint lastNumber;
    private int evictCursor;

    internal ClientIds(ServerState state, Nfs4State nfs4)
    {
        this.state = state;
        this.nfs4 = nfs4;
        Lease = state.Options.Lease;
    }

    /// <summary>How long a lease is.</summary>
    public TimeSpan Lease { get; private set; }

    internal IReadOnlyCollection<Nfs4Client> All => byId.Values;

    internal int Count => byId.Count;

    /// <summary>Sets the lease for renewals from now on.</summary>
    public void SetLease(in GateScope gate, TimeSpan lease) => Lease = lease;

    /// <summary>
    /// The confirmed client of minor version 0 that OPEN, LOCK, LOCKT or RELEASE_LOCKOWNER names; its lease is renewed.
    /// Statuses: Ok, StaleClientId, Expired.
    /// </summary>
    public Nfs4Status Find(in GateScope gate, NetAddress server, ulong clientId, out Nfs4Client? client)
    {
        client = byId.GetValueOrDefault(clientId);
        if (client is { Confirmed: true, MinorVersion: 0 } && client.Server == server)
        {
            client.Renew(state.Now);
            return Nfs4Status.Ok;
        }
        bool gone = client is null && IsGone(clientId);
        client = null;
        return gone ? Nfs4Status.Expired : Nfs4Status.StaleClientId;
    }

    internal Nfs4Client? Numbered(uint number) => byId.GetValueOrDefault(IdOf(number));

    internal Nfs4Client At(int index) => byIndex[index]!;

    /// <summary>An id of this life of the server, of a client that is no more.</summary>
    internal bool IsGone(ulong clientId) =>
        clientId >> 32 == state.Options.Instance && (uint)clientId - 1 < lastNumber && !byId.ContainsKey(clientId);

    /// <summary>
    /// The host that stands for a client: owner strings that are text stay readable in records and reports. The minor version is part of
    /// the name, because minor version 0 has client ids of its own.
    /// </summary>
    private Host? HostOf(NetAddress server, uint minorVersion, ReadOnlySpan<byte> owner)
    {
        Span<byte> name = stackalloc byte[MaxPlainName + 80];
        (minorVersion == 0 ? "4.0 "u8 : "4.1 "u8).CopyTo(name);
        int length = 4;
        if (owner.Length <= MaxPlainName && !owner.ContainsAnyExceptInRange((byte)0x20, (byte)0x7E))
        {
            owner.CopyTo(name[length..]);
            length += owner.Length;
        }
        else
        {
            "sha256:"u8.CopyTo(name[length..]);
            length += 7;
            Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(owner, digest);
            Convert.TryToHexStringLower(digest, name[length..], out int written);
            length += written;
        }
        var caller = new Caller(NetAddress.Any, server, name[..length]);
        var host = state.Hosts.Find(caller) ?? state.Hosts.Add(caller);
        if (host is not null)
            host.LastSeen = state.Now;
        return host;
    }

    /// <summary>
    /// A record with a new id, not confirmed yet; null when there is no room. While there is enough, one address may have many; once half is taken
    /// nobody gets more than a quarter, so that no machine keeps the others out.
    /// </summary>
    private Nfs4Client? Add(in GateScope gate, Host host, NetAddress origin, uint minorVersion, ReadOnlySpan<byte> owner)
    {
        int most = state.Options.MaxNfs4Clients;
        bool crowds = byId.Count > most / 2 && byOrigin.GetValueOrDefault(origin) > most / 4 && host.Nfs4 is null;
        if ((crowds && !EvictOne(gate, origin)) || (byId.Count >= most && !EvictOne(gate)))
            return null;
        ulong id;
        do
            id = IdOf(++lastNumber);
        while (lastNumber == 0 || byId.ContainsKey(id));
        if (!freeIndexes.TryDequeue(out int index))
        {
            index = byIndex.Count;
            byIndex.Add(null);
        }
        var client = new Nfs4Client(state, host, id, index, minorVersion, owner.ToArray()) { Origin = origin };
        byIndex[index] = client;
        byId.Add(id, client);
        CollectionsMarshal.GetValueRefOrAddDefault(byOrigin, origin, out _)++;
        return client;
    }

    private void Forget(Nfs4Client client)
    {
        byId.Remove(client.Id);
        if (--CollectionsMarshal.GetValueRefOrAddDefault(byOrigin, client.Origin, out _) == 0)
            byOrigin.Remove(client.Origin);
    }

    private ulong IdOf(uint number) => (ulong)state.Options.Instance << 32 | number;

    /// <summary>Puts an unconfirmed record in the place of the one before it.</summary>
    private void SetPending(Host host, Nfs4Client client)
    {
        if (host.Nfs4Pending is { } before)
            DropPending(before);
        host.Nfs4Pending = client;
        state.Agenda.Set(client.Timer, state.After(Lease));
    }

    private void DropPending(Nfs4Client pending)
    {
        pending.Host.Nfs4Pending = null;
        pending.IsDead = true;
        pending.Timer.Due = Timed.Never;
        // An update of a confirmed record has that one's id and index.
        if (byId.GetValueOrDefault(pending.Id) != pending)
            return;
        Forget(pending);
        FreeIndex(pending);
    }

    /// <summary>The record is the client's from now on; what an earlier life of the client left is released.</summary>
    private void Confirm(in GateScope gate, Nfs4Client client)
    {
        var host = client.Host;
        if (host.Nfs4 is { } before && before != client)
            Remove(gate, before, mayReclaim: true);
        host.Nfs4Pending = null;
        host.Nfs4 = client;
        client.Confirmed = true;
        client.Renew(state.Now);
        state.Agenda.Set(client.Timer, state.After(Lease));
    }

    /// <summary>Something that clients share has run out: takes it from one that has not been heard of for a lease, if there is any.</summary>
    public void MakeRoom(in GateScope gate) => EvictOne(gate);

    /// <summary>Makes room by dropping a record that was never confirmed, or an expired one; looks at a bounded number.</summary>
    /// <param name="origin">Only of those that came from there.</param>
    private bool EvictOne(in GateScope gate, NetAddress? origin = null)
    {
        for (int i = 0; i < 256; i++)
        {
            evictCursor = evictCursor + 1 < byIndex.Count ? evictCursor + 1 : 1;
            if (evictCursor >= byIndex.Count || byIndex[evictCursor] is not { IsDead: false } client || (origin is { } only && client.Origin != only))
                continue;
            if (!client.Confirmed)
                DropPending(client);
            else if (IsExpired(client))
                Remove(gate, client);
            else
                continue;
            return true;
        }
        return false;
    }
}
