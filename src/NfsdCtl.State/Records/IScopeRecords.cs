namespace NfsdCtl.State.Records;

/// <summary>Whether a change of the records is durable, or why not. Only <see cref="Ok"/> promises anything.</summary>
public enum RecordStatus : byte
{
    /// <summary>On stable storage.</summary>
    Ok,

    /// <summary>The filesystem, or the quota, is full (ENOSPC, EDQUOT).</summary>
    NoSpace,

    /// <summary>The filesystem is read-only (EROFS).</summary>
    ReadOnly,

    /// <summary>The filesystem is not mounted where its records are to be, or the identity does not match.</summary>
    Unavailable,

    /// <summary>Any other failure of the disk.</summary>
    IoError,
}

/// <summary>
/// The durable records of scopes: who may reclaim there, and open grace windows. They live on the filesystem that moves, one
/// log for each server address, and are read and written outside of the gate. Every call blocks until the change is on
/// stable storage; concurrent calls share one write. Safe for use by many threads.
/// </summary>
public interface IScopeRecords
{
    /// <summary>The server addresses that have records on a filesystem.</summary>
    RecordStatus Addresses(FsId fileSystem, out IReadOnlyList<NetAddress> addresses);

    /// <summary>
    /// The records of one scope; empty, with <see cref="ScopeRecord.Exists"/> false, where none were ever written. What a
    /// crash tore off the end was never acknowledged and is not there.
    /// </summary>
    RecordStatus Load(Scope scope, out ScopeRecord record);

    /// <summary>
    /// Adds a client, or replaces what is known of the one with the same address and caller_name, but for its forfeit
    /// (<see cref="ClientRecord.KnowsItsLoss"/>) and, when none is given, its state number.
    /// </summary>
    RecordStatus Remember(Scope scope, ClientRecord client);

    /// <summary>Removes a client; nothing happens when it is not known.</summary>
    RecordStatus Forget(Scope scope, ClientName client);

    /// <summary>The client may not reclaim there any more: somebody else was granted what it had held.</summary>
    RecordStatus Forfeit(Scope scope, ClientName client);

    /// <summary>Notes how many lock ranges a client held when the scope was given up; an unknown client is added, the rest of a record stays.</summary>
    RecordStatus NoteHeld(Scope scope, ClientName client, long held);

    /// <summary>Opens a grace window, or moves the deadline of the open one.</summary>
    RecordStatus OpenWindow(Scope scope, WindowRecord window);

    /// <summary>
    /// Ends the window: from now on no lock of before it may be reclaimed, so counts of held ranges are dropped, and so are
    /// the clients in <paramref name="gone"/>, which did not come back. Those in <paramref name="forfeited"/> came back and did not finish: they may
    /// not reclaim in another one.
    /// </summary>
    RecordStatus EndWindow(Scope scope, IReadOnlyList<ClientName> gone, IReadOnlyList<ClientName> forfeited);

    /// <summary>
    /// The next NSM state number of this scope: odd (up) and higher than the recorded one and <paramref name="above"/>.
    /// </summary>
    RecordStatus NextNsmState(Scope scope, uint above, out uint state);

    /// <summary>Forgets what is held in memory of a filesystem, which may come back changed by another node.</summary>
    void Release(FsId fileSystem);
}
