using NfsdCtl.State.Shares;

namespace NfsdCtl.State.Nfs4;

public enum Nfs4ClientStatus : byte
{
    Unconfirmed,
    Confirmed,

    /// <summary>Its lease ran out; it keeps what nobody else wants.</summary>
    Courtesy,
}

public enum CallbackState : byte
{
    Unknown,
    Up,
    Down,

    /// <summary>Client and server do not agree about a slot.</summary>
    Fault,
}

/// <param name="Number">Its number among the clients of this life of the server, from 1, never used again.</param>
/// <param name="MinorVersion">The one it came with last.</param>
/// <param name="ImplementationDomain">Empty when it did not say.</param>
/// <param name="CallbackAddress">Minor version 0: as it sent it; otherwise empty.</param>
/// <param name="Revoked">Stateids that an administrator took from it and that it has not freed.</param>
public sealed record Nfs4ClientInfo(
    uint Number, ulong Id, NetAddress Server, NetAddress Address, byte[] Owner, uint MinorVersion, Nfs4ClientStatus Status, TimeSpan SinceRenewal,
    string ImplementationDomain, string ImplementationName, CallbackState Callback, byte[] CallbackAddress, long Revoked, int Sessions, int Opens,
    int States);

/// <param name="File">Null once it is closed or revoked.</param>
/// <param name="AdminRevoked">An administrator took it.</param>
/// <param name="Expired">Somebody else got it after the lease had run out.</param>
public sealed record Nfs4StateInfo(
    StateId Id, StateKind Kind, ShareAccess Access, ShareDeny Deny, FileKey? File, byte[] Owner, bool Closed, bool AdminRevoked, bool Expired);

/// <summary>
/// Snapshots for people. Each method copies at most what its bound says in one gate entry; <see cref="CopyStates"/> is called again with its cursor (0 at
/// first) until it returns false.
/// </summary>
public sealed class Nfs4Reports
{
    private const int StatesPerCall = 2048;
    private readonly ServerState state;
    private readonly Nfs4State nfs4;

    internal Nfs4Reports(ServerState state, Nfs4State nfs4)
    {
        this.state = state;
        this.nfs4 = nfs4;
    }

    /// <summary>The numbers of all clients (bounded by <see cref="StateOptions.MaxNfs4Clients"/>), unconfirmed ones included.</summary>
    public void CopyNumbers(in GateScope gate, List<uint> into)
    {
        foreach (var client in nfs4.Clients.All)
            into.Add((uint)client.Id);
    }

    /// <summary>Null when there is no such client (any more).</summary>
    public Nfs4ClientInfo? Describe(in GateScope gate, uint number)
    {
        if (nfs4.Clients.Numbered(number) is not { } client)
            return null;
        var status = !client.Confirmed ? Nfs4ClientStatus.Unconfirmed : nfs4.Clients.IsExpired(client) ? Nfs4ClientStatus.Courtesy : Nfs4ClientStatus.Confirmed;
        return new Nfs4ClientInfo(
            number, client.Id, client.Server, client.Address, client.Owner.ToArray(), client.SeenMinorVersion, status, state.Since(client.Renewed),
            client.ImplementationDomain, client.ImplementationName, CallbackOf(client), client.CallbackAddress.ToArray(), client.AdminRevoked,
            client.Sessions.Count, client.Opens, client.States);
    }

    /// <summary>Looks at 2,048 stateids of all clients per call.</summary>
    public bool CopyStates(in GateScope gate, uint number, ref int cursor, List<Nfs4StateInfo> into)
    {
        if (nfs4.Clients.Numbered(number) is not { } client)
            return false;
        int end = Math.Min(nfs4.States.End, cursor + StatesPerCall);
        for (; cursor < end; cursor++)
        {
            if (cursor == 0 || nfs4.States[cursor] is not { Number: not 0 } found || found.Client != client.Index)
                continue;
            var why = nfs4.States.RevocationOf(cursor);
            into.Add(new Nfs4StateInfo(
                nfs4.States.IdOf(cursor), found.Kind, found.Access, found.Deny,
                found.File == 0 || why != Revocation.None ? null : state.Locks.Files[found.File].Key, nfs4.Owners.NameOf(found.Owner).ToArray(), found.Closed,
                why == Revocation.Admin, why == Revocation.Expired));
        }
        return cursor < nfs4.States.End;
    }

    private static CallbackState CallbackOf(Nfs4Client client)
    {
        if (client.MinorVersion == 0)
            return client.CallbackUp ? CallbackState.Up : client.CallbackProgram == 0 ? CallbackState.Down : CallbackState.Unknown;
        if (client.Sessions.Exists(s => (s.Flags & SequenceFlags.BackChannelFault) != 0))
            return CallbackState.Fault;
        return client.HasBackChannel ? CallbackState.Up : client.Sessions.Exists(s => s.HadBackChannel) ? CallbackState.Down : CallbackState.Unknown;
    }
}
