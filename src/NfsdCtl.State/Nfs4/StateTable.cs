using NfsdCtl.State.Shares;

namespace NfsdCtl.State.Nfs4;

/// <summary>What READ, WRITE, SETATTR (size), or an operation of minor version 2 wants to do under a stateid.</summary>
public ref struct IoRequest
{
    /// <summary>The client of the session; null in minor version 0, where the stateid alone says who it is.</summary>
    public Nfs4Client? Client;

    /// <summary>The local address of the call.</summary>
    public NetAddress Server;
    public StateId StateId;
    public FileKey File;

    /// <summary>Read, Write or both; None when the stateid is only to be a valid one.</summary>
    public ShareAccess Access;
}

/// <summary>Stateids: finding, checking, testing and freeing them.</summary>
public sealed partial class StateTable
{
    private readonly ServerState state;
    private readonly Nfs4State nfs4;

    internal StateTable(ServerState state, Nfs4State nfs4)
    {
        this.state = state;
        this.nfs4 = nfs4;
    }

    /// <summary>
    /// May this be done under this stateid? Costs two look-ups, allocates nothing; renews the lease in minor version 0. A stateid of an open for
    /// writing allows reads too (RFC 8881 §9.1.2 leaves it to the server). Under special stateids deny modes are respected,
    /// NLM's as well, and grace. Statuses: Ok, BadStateId, OldStateId, StaleStateId, Expired, AdminRevoked, OpenMode, Locked, Grace.
    /// </summary>
    public Nfs4Status CheckIo(in GateScope gate, in IoRequest request) => throw new NotImplementedException();

    /// <summary>TEST_STATEID for one stateid. Statuses: Ok, BadStateId, OldStateId, Expired, AdminRevoked.</summary>
    public Nfs4Status Test(in GateScope gate, Nfs4Client client, in StateId stateId) => throw new NotImplementedException();

    /// <summary>FREE_STATEID. Statuses: Ok, BadStateId, OldStateId, LocksHeld.</summary>
    public Nfs4Status Free(in GateScope gate, Nfs4Client client, in StateId stateId) => throw new NotImplementedException();
}
