namespace NfsdCtl.State.Nfs4;

/// <summary>
/// The state of NFSv4: who is a client, through which sessions, and what it has open and locked. Locks are in the same table as those
/// of NLM, opens in the same matrix as its shares.
/// <para>Everything is asked inside the gate, but <see cref="SessionTable.Begin"/> and <see cref="SessionTable.End"/>, which each
/// compound of minor version 1 pays for.</para>
/// <para>A client is (server address, owner string, minor version 0 or later): one that uses two addresses of this server is two
/// clients with two client ids, as addresses move to other nodes one by one. So the server owner's major id has to differ by address
/// as well, or a client would take both addresses for one server (RFC 8881 §2.10.5).</para>
/// </summary>
public sealed class Nfs4State
{
    internal Nfs4State(ServerState state)
    {
        Clients = new ClientIds(state, this);
        Sessions = new SessionTable(state, this);
        Owners = new StateOwners(state, this);
        States = new StateTable(state, this);
        Opens = new Opens(state, this);
        Locks = new LockStates(state, this);
        Offloads = new Offloads(state, this);
        Reports = new Nfs4Reports(state, this);
    }

    /// <summary>Client ids, leases, RECLAIM_COMPLETE.</summary>
    public ClientIds Clients { get; }

    /// <summary>Sessions and their slots.</summary>
    public SessionTable Sessions { get; }

    /// <summary>Open and lock owners, and the seqid rules of minor version 0.</summary>
    public StateOwners Owners { get; }

    /// <summary>What a stateid stands for: the check of READ, WRITE and SETATTR, TEST_STATEID, FREE_STATEID.</summary>
    public StateTable States { get; }

    /// <summary>OPEN, OPEN_CONFIRM, OPEN_DOWNGRADE, CLOSE.</summary>
    public Opens Opens { get; }

    /// <summary>LOCK, LOCKT, LOCKU, RELEASE_LOCKOWNER.</summary>
    public LockStates Locks { get; }

    /// <summary>COPY that goes on after its answer, OFFLOAD_STATUS, OFFLOAD_CANCEL.</summary>
    public Offloads Offloads { get; }

    public Nfs4Reports Reports { get; }
}
