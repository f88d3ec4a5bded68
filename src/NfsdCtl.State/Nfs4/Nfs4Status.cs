namespace NfsdCtl.State.Nfs4;

/// <summary>
/// The answers of the state to NFSv4 operations, with the numbers of nfsstat4 (RFC 7531, RFC 5662), so that a protocol casts them.
/// The last three never leave the server: they say what is to be done before the answer is known.
/// </summary>
public enum Nfs4Status : uint
{
    Ok = 0,
    Permission = 1,
    NoEntry = 2,
    Invalid = 22,
    TooSmall = 10005,
    Delay = 10008,
    Denied = 10010,
    Expired = 10011,
    Locked = 10012,
    Grace = 10013,
    ShareDenied = 10015,
    ClientIdInUse = 10017,
    Resource = 10018,
    Moved = 10019,
    NoFileHandle = 10020,
    StaleClientId = 10022,
    StaleStateId = 10023,
    OldStateId = 10024,
    BadStateId = 10025,
    BadSeqId = 10026,
    NotSame = 10027,
    LockRange = 10028,
    NoGrace = 10033,
    ReclaimBad = 10034,
    ReclaimConflict = 10035,
    BadXdr = 10036,
    LocksHeld = 10037,
    OpenMode = 10038,
    BadOwner = 10039,
    Deadlock = 10045,
    AdminRevoked = 10047,
    CallbackPathDown = 10048,
    BadSession = 10052,
    BadSlot = 10053,
    CompleteAlready = 10054,
    ConnectionNotBound = 10055,
    SequenceMisordered = 10063,
    RequestTooBig = 10065,
    RetryUncachedReply = 10068,
    TooManyOperations = 10070,
    ClientIdBusy = 10074,
    SequenceFalseRetry = 10076,
    BadHighSlot = 10077,
    DeadSession = 10078,

    /// <summary>A retransmission: answer with the reply that is kept, which the ticket gives.</summary>
    Replay = 0xFFFF_0000,

    /// <summary>
    /// Write the ticket's <see cref="RecordNeed"/> to the disk, report it by <see cref="Clients.ClientTable.Recorded"/> and ask
    /// again; nothing changed. When the disk refuses, the request is refused (NFS4ERR_RESOURCE, NFS4ERR_DELAY).
    /// </summary>
    NeedsRecord = 0xFFFF_0001,

    /// <summary>Reserved: take the kernel's lock for local programs, then <see cref="LockStates.Decide"/>.</summary>
    Tentative = 0xFFFF_0002,
}
