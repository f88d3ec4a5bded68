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

    /// <summary>1 or 2.</summary>
    public uint MinorVersion;

    /// <summary>nii_domain and nii_name of the client's implementation id; empty when none. For reports.</summary>
    public ReadOnlySpan<byte> ImplementationDomain;
    public ReadOnlySpan<byte> ImplementationName;

    /// <summary>SP4_MACH_CRED with an empty set of operations that must be made by the machine's principal is all that plain RPC can do.</summary>
    public bool MachineCredential;
}

/// <param name="ClientId">eir_clientid.</param>
/// <param name="Sequence">eir_sequenceid: what CREATE_SESSION has to say next.</param>
/// <param name="Confirmed">EXCHGID4_FLAG_CONFIRMED_R.</param>
public readonly record struct ExchangeIdResult(ulong ClientId, uint Sequence, bool Confirmed);

/// <summary>
/// Client records, from their making to their end, and leases. A record is unconfirmed until SETCLIENTID_CONFIRM or
/// CREATE_SESSION; its state lives as long as it renews its lease, and beyond that until somebody else wants what it holds, or
/// <see cref="StateOptions.Courtesy"/> has passed.
/// </summary>
public sealed partial class ClientIds
{
    private readonly ServerState state;
    private readonly Nfs4State nfs4;

    internal ClientIds(ServerState state, Nfs4State nfs4)
    {
        this.state = state;
        this.nfs4 = nfs4;
    }

    /// <summary>How long a lease is. 10 s to an hour; 90 s until it is set.</summary>
    public TimeSpan Lease => throw new NotImplementedException();

    /// <summary>Sets the lease for renewals from now on.</summary>
    public void SetLease(in GateScope gate, TimeSpan lease) => throw new NotImplementedException();

    /// <summary>Statuses: Ok, ClientIdInUse, Resource.</summary>
    public Nfs4Status SetClientId(in GateScope gate, in SetClientIdRequest request, out SetClientIdResult result) => throw new NotImplementedException();

    /// <summary>
    /// Statuses: Ok (also for a retransmission), StaleClientId, ClientIdInUse. Effect ProbeCallback: send CB_NULL.
    /// </summary>
    public Nfs4Status SetClientIdConfirm(in GateScope gate, NetAddress server, in Principal principal, ulong clientId, ulong verifier) => throw new NotImplementedException();

    /// <summary>RENEW. Statuses: Ok, StaleClientId, Expired, CallbackPathDown.</summary>
    public Nfs4Status Renew(in GateScope gate, NetAddress server, ulong clientId) => throw new NotImplementedException();

    /// <summary>
    /// The confirmed client of minor version 0 that OPEN, LOCK, LOCKT or RELEASE_LOCKOWNER names; its lease is renewed.
    /// Statuses: Ok, StaleClientId, Expired.
    /// </summary>
    public Nfs4Status Find(in GateScope gate, NetAddress server, ulong clientId, out Nfs4Client? client) => throw new NotImplementedException();

    /// <summary>Statuses: Ok, ClientIdInUse, NoEntry, NotSame, Permission, Resource (send NFS4ERR_DELAY in minor version 1).</summary>
    public Nfs4Status ExchangeId(in GateScope gate, in ExchangeIdRequest request, out ExchangeIdResult result) => throw new NotImplementedException();

    /// <summary>
    /// CREATE_SESSION. A retransmission gets the answer of the first again (RFC 8881 §18.36.4). Statuses: Ok, StaleClientId,
    /// SequenceMisordered, ClientIdInUse, TooSmall, Resource.
    /// </summary>
    public Nfs4Status CreateSession(in GateScope gate, in CreateSessionRequest request, out CreateSessionResult result) => throw new NotImplementedException();

    /// <summary>Statuses: Ok, StaleClientId, ClientIdBusy.</summary>
    public Nfs4Status DestroyClientId(in GateScope gate, NetAddress server, ulong clientId) => throw new NotImplementedException();

    /// <summary>
    /// The client has reclaimed all it wants, on every filesystem or on one (rca_one_fs); a window that waits for no other client
    /// ends. Statuses: Ok, CompleteAlready.
    /// </summary>
    /// <param name="oneFileSystem">Any for all.</param>
    public Nfs4Status ReclaimComplete(in GateScope gate, Nfs4Client client, FsId oneFileSystem) => throw new NotImplementedException();
}
