using NfsdCtl.State.Grace;
using NfsdCtl.State.Locks;

namespace NfsdCtl.State.Shares;

/// <summary>fsh4_mode of NLM: what others may not do.</summary>
[Flags]
public enum ShareDeny : byte
{
    None = 0,
    Read = 1,
    Write = 2,
    Both = 3,
}

/// <summary>fsh4_access of NLM: what the owner does.</summary>
[Flags]
public enum ShareAccess : byte
{
    None = 0,
    Read = 1,
    Write = 2,
    Both = 3,
}

/// <summary>A SHARE or UNSHARE. The owner is the host and its oh.</summary>
public ref struct ShareRequest
{
    public Caller Caller;

    /// <summary>oh, at most 1024 bytes: part of the identity, unlike that of locks.</summary>
    public ReadOnlySpan<byte> OwnerHandle;

    public FileKey File;
    public uint ExportTag;
    public ShareDeny Deny;
    public ShareAccess Access;
    public bool Reclaim;
}

internal sealed class ShareEntry(int file, Clients.Seat seat, byte[] owner)
{
    public int File { get; } = file;

    public Clients.Seat Seat { get; } = seat;

    public byte[] Owner { get; } = owner;

    public ShareDeny Deny { get; set; }

    public ShareAccess Access { get; set; }

    public ShareEntry? FileNext { get; set; }

    public ShareEntry? SeatNext { get; set; }

    public bool ConflictsWith(ShareDeny deny, ShareAccess access) => (((byte)Access & (byte)deny) | ((byte)Deny & (byte)access)) != 0;
}

/// <summary>
/// Whole-file reservations of NLM (SHARE, UNSHARE). They conflict with each other and with opens of NFSv4, and never with byte ranges.
/// </summary>
public sealed class ShareTable
{
    private readonly ServerState state;

    internal ShareTable(ServerState state) => this.state = state;

    /// <summary>Shares that are held.</summary>
    internal long Live { get; private set; }

    /// <summary>Outcomes: Granted (also replacing the same owner's share), Denied, Grace, NoGrace, NotReclaimable, NoResources.</summary>
    public LockOutcome Share(in GateScope gate, in ShareRequest request)
    {
        if (state.Hosts.SeatOf(request.Caller, request.File.FileSystem, request.ExportTag) is not { } seat)
            return LockOutcome.NoResources;
        var admission = state.Grace.Admit(seat.Entry, request.Reclaim ? RequestKind.ReclaimShare : RequestKind.NewLock);
        if (LockTable.ToOutcome(admission) is { } refused)
            return refused;
        var files = state.Locks.Files;
        var queue = files.QueueOrNull(files.Find(request.File));
        ShareEntry? mine = null;
        for (var other = queue?.FirstShare; other is not null; other = other.FileNext)
        {
            if (other.Seat.Dead)
                continue;
            if (IsMine(other, seat.Host, request.OwnerHandle))
                mine = other;
            else if (other.ConflictsWith(request.Deny, request.Access))
                return LockOutcome.Denied;
        }
        if (state.Nfs4.Opens.StandsAgainst(gate, files.Find(request.File), request))
            return LockOutcome.Denied;
        if (mine is null)
        {
            if (queue?.Shares >= state.Options.MaxSharesPerFile || files.FindOrAdd(request.File) is not (> 0 and var file))
                return LockOutcome.NoResources;
            mine = Add(file, seat, request.OwnerHandle.ToArray());
        }
        mine.Deny = request.Deny;
        mine.Access = request.Access;
        return LockOutcome.Granted;
    }

    /// <summary>Outcomes: Granted (also when there was none), Grace.</summary>
    public LockOutcome Unshare(in GateScope gate, in ShareRequest request)
    {
        var host = state.Hosts.Find(request.Caller);
        var files = state.Locks.Files;
        var share = files.QueueOrNull(files.Find(request.File))?.FirstShare;
        while (share is not null && (share.Seat.Dead || host is null || !IsMine(share, host, request.OwnerHandle)))
            share = share.FileNext;
        var scope = state.Hosts.ScopeOf(new Scope(request.Caller.Server, request.File.FileSystem));
        if (state.Grace.Admit(scope, null, share is null ? RequestKind.UnlockUnknown : RequestKind.UnlockKnown) != Admission.Normal)
            return LockOutcome.Grace;
        if (share is not null)
            Remove(share);
        return LockOutcome.Granted;
    }

    internal void ReleaseSeat(Clients.Seat seat) => Live -= seat.Shares;

    internal void Remove(ShareEntry share)
    {
        var seat = share.Seat;
        var queue = state.Locks.Files.QueueOf(share.File);
        if (queue.FirstShare == share)
            queue.FirstShare = share.FileNext;
        else
            Previous(queue.FirstShare!, share, static s => s.FileNext).FileNext = share.FileNext;
        if (seat.FirstShare == share)
            seat.FirstShare = share.SeatNext;
        else
            Previous(seat.FirstShare!, share, static s => s.SeatNext).SeatNext = share.SeatNext;
        queue.Shares--;
        seat.Shares--;
        if (!seat.Dead)
            Live--;
        state.Locks.Files.FreeIfIdle(share.File);
    }

    private static ShareEntry Previous(ShareEntry first, ShareEntry share, Func<ShareEntry, ShareEntry?> next)
    {
        var at = first;
        while (next(at) != share)
            at = next(at)!;
        return at;
    }

    private ShareEntry Add(int file, Clients.Seat seat, byte[] owner)
    {
        var queue = state.Locks.Files.QueueOf(file);
        var share = new ShareEntry(file, seat, owner) { FileNext = queue.FirstShare, SeatNext = seat.FirstShare };
        queue.FirstShare = share;
        queue.Shares++;
        seat.FirstShare = share;
        seat.Shares++;
        Live++;
        return share;
    }

    private static bool IsMine(ShareEntry share, Clients.Host host, ReadOnlySpan<byte> owner) => share.Seat.Host == host && owner.SequenceEqual(share.Owner);
}
