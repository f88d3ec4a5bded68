namespace NfsdCtl.State.Locks;

/// <summary>Byte-range locks and those who wait for them.</summary>
public sealed class LockTable
{
    /// <summary>The longest NFS handle that is kept for GRANTED, in bytes.</summary>
    public const int MaxNfsHandle = 64;

    /// <summary>The ranges that a local cover has at most.</summary>
    public const int MaxCover = 64;

    /// <summary>
    /// Asks for a lock. A retransmission of a waiting request finds its waiter; one whose GRANTED is on its way is granted.
    /// <para>Outcomes: Granted, Tentative (with <see cref="LockRequest.LocalLocks"/>), Denied, Blocked (with
    /// <see cref="LockRequest.Block"/>), Deadlock, Grace, NotReclaimable, NoGrace, NoResources, NeedsRecord.</para>
    /// </summary>
    public LockOutcome Lock(in GateScope gate, in LockRequest request, out LockTicket ticket) => throw new NotImplementedException();

    /// <summary>Gives the range back, whatever part of it is held. Outcomes: Granted, Grace, NoResources (no room to split a lock).</summary>
    public LockOutcome Unlock(in GateScope gate, in LockRequest request) => throw new NotImplementedException();

    /// <summary>Would <see cref="Lock"/> be granted? Outcomes: Granted, Denied (fills the holder), Grace.</summary>
    public LockOutcome Test(in GateScope gate, in LockRequest request) => throw new NotImplementedException();

    /// <summary>Takes back a waiting request of the same owner, range and kind. Outcomes: Granted, NotFound, Grace.</summary>
    public LockOutcome Cancel(in GateScope gate, in LockRequest request) => throw new NotImplementedException();

    /// <summary>
    /// The kernel granted the lock for local programs: the reservation becomes a lock. Outcomes: Granted; for a waiter Blocked
    /// (an effect GrantWaiter follows); NotFound when it was released meanwhile: the kernel's lock is to be given back.
    /// </summary>
    public LockOutcome ConfirmLocal(in GateScope gate, long id) => throw new NotImplementedException();

    /// <summary>
    /// A local program is in the way: the reservation goes, nothing was held. Outcomes: Denied; Blocked when the request may wait: it
    /// is tried again (effect TryLocal) after <see cref="LocalReleased"/> or <see cref="StateOptions.LocalRetry"/>; NotFound.
    /// </summary>
    public LockOutcome WithdrawLocal(in GateScope gate, long id) => throw new NotImplementedException();

    /// <summary>Local programs gave up locks on the file: those who wait for them are tried again now.</summary>
    public void LocalReleased(in GateScope gate, in FileKey file) => throw new NotImplementedException();

    /// <summary>What to send for an effect GrantWaiter; false when there is nothing to grant any more.</summary>
    public bool TryGetGrant(in GateScope gate, long id, GrantCall call) => throw new NotImplementedException();

    /// <summary>
    /// What became of GRANTED. Sent again after 10 s (retry) or 60 s (no answer), a bounded number of times.
    /// </summary>
    /// <param name="client">The address that answers; another client's answer is ignored.</param>
    /// <returns>False when nothing was waiting for this answer.</returns>
    public bool GrantAnswered(in GateScope gate, long id, NetAddress client, GrantAnswer answer) => throw new NotImplementedException();

    /// <summary>
    /// The union of what is held or reserved on a file, as at most <see cref="MaxCover"/> disjoint ranges in ascending order; where
    /// there are more, neighbours are covered together: never less than what is held. Write where any write lock is inside.
    /// </summary>
    /// <param name="cover">At least <see cref="MaxCover"/> long.</param>
    /// <param name="version">Grows with each change of the file's locks; 0 when nothing is held.</param>
    public int LocalCover(in GateScope gate, in FileKey file, Span<CoverRange> cover, out ulong version) => throw new NotImplementedException();
}

/// <summary>A range to be locked in the kernel.</summary>
public readonly record struct CoverRange(LockRange Range, LockKind Kind);

internal static class OwnerTable
{
    public const int MaxHandle = 1024;
}
