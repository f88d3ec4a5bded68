using NfsdCtl.State.Clients;
using NfsdCtl.State.Locks;
using NfsdCtl.State.Shares;

namespace NfsdCtl.State.Nfs4;

/// <summary>
/// Who stands against whom: opens of NFSv4 and shares of NLM. Each file counts its opens by share, so that an open that meets no
/// conflict costs the same however many there are.
/// </summary>
public sealed partial class Opens
{
    /// <summary>
    /// Whether I/O without an open is kept out by a deny mode: Ok, Locked, or Delay where that of a client whose lease ran out is being revoked
    /// (RFC 8881 §8.4.3).
    /// </summary>
    internal Nfs4Status CheckDenied(in GateScope gate, in FileKey key, ShareAccess access)
    {
        int file = state.Locks.Files.Find(key);
        if (file == 0)
            return Nfs4Status.Ok;
        int found = FindConflict(file, access, ShareDeny.None, null, out _);
        if (found == 0)
            return FindShare(file, access, ShareDeny.None) is null ? Nfs4Status.Ok : Nfs4Status.Locked;
        if (ExpiredHolder(found) is not { } expired)
            return Nfs4Status.Locked;
        state.Releases.AskToForget(gate, expired);
        return Nfs4Status.Delay;
    }

    /// <summary>
    /// A share of NLM is asked for: does an open stand against it? One of a client whose lease ran out is revoked in the course of time, and who may
    /// still reclaim one loses that right, so that the request is granted when it is repeated.
    /// </summary>
    internal bool StandsAgainst(in GateScope gate, int file, in ShareRequest request)
    {
        var (access, deny) = (request.Access, request.Deny);
        ClientEntry? released = null;
        int found = file == 0 ? 0 : FindConflict(file, access, deny, null, out released);
        if (found != 0)
        {
            if (ExpiredHolder(found) is { } expired)
                state.Releases.AskToForget(gate, expired);
            return true;
        }
        if (request.Reclaim || (released ?? state.Releases.ReleasedFrom(request.File.FileSystem, file, access, deny, null)) is not { } loser)
            return false;
        state.Releases.AskToForfeit(loser);
        return true;
    }

    /// <summary>May it be opened like this? Otherwise Denied, or what has to be on disk first.</summary>
    private Nfs4Status Stand(
        in GateScope gate, in OpenRequest request, ClientEntry entry, int file, ref OpenTicket ticket)
    {
        var (access, deny) = (request.Access, request.Deny);
        ClientEntry? released = null;
        while (file != 0)
        {
            int conflict = FindConflict(file, access, deny, entry, out released);
            if (conflict == 0)
                break;
            if (ExpiredHolder(conflict) is not { } expired)
                return Nfs4Status.ShareDenied;
            if (expired.Durable)
                return Need(expired, RecordNeedKind.Forget, ref ticket);
            state.Releases.RevokeExpired(gate, expired);
        }
        if (file != 0 && FindShare(file, access, deny) is not null)
            return Nfs4Status.ShareDenied;
        if (!request.Reclaim && (released ?? state.Releases.ReleasedFrom(request.File.FileSystem, file, access, deny, entry)) is { } loser)
            return Need(loser, RecordNeedKind.Forfeit, ref ticket);
        return !entry.Recordable || (entry.IsOutdated && !request.Reclaim) ? Need(entry, RecordNeedKind.Remember, ref ticket) : Nfs4Status.Ok;
    }

    private ClientEntry? ExpiredHolder(int open) => nfs4.Clients.ExpiredHolder(state.Hosts.SeatAt(nfs4.States[open].Seat));

    /// <summary>
    /// A live open that stands against these shares, or 0; and a client other than <paramref name="asking"/> whose released open would, and who may still
    /// reclaim it. An owner's own open counts like any other (RFC 8881 §9.7).
    /// </summary>
    private int FindConflict(int file, ShareAccess access, ShareDeny deny, ClientEntry? asking, out ClientEntry? released)
    {
        released = null;
        ref var record = ref state.Locks.Files[file];
        if (!record.Opens.Conflicts(access, deny))
            return 0;
        for (int at = record.FirstOpen; at != 0; at = nfs4.States[at].PeerNext)
        {
            ref var other = ref nfs4.States[at];
            if ((((byte)other.Access & (byte)deny) | ((byte)other.Deny & (byte)access)) == 0)
                continue;
            var seat = state.Hosts.SeatAt(other.Seat);
            if (!seat.Dead)
                return at;
            if (seat.MarksReleased && seat.Entry is { MayReclaim: true, Forfeited: false } entry && entry != asking)
                released = entry;
        }
        return 0;
    }

    private ShareEntry? FindShare(int file, ShareAccess access, ShareDeny deny)
    {
        for (var share = state.Locks.Files.QueueOrNull(file)?.FirstShare; share is not null; share = share.FileNext)
        {
            if (!share.Seat.Dead && share.ConflictsWith(deny, access))
                return share;
        }
        return null;
    }

    private static Nfs4Status Need(ClientEntry entry, RecordNeedKind kind, ref OpenTicket ticket)
    {
        ticket.Need = new RecordNeed(entry.Index, kind, entry.Scope.Scope, entry.Host.Name, entry.Forfeited && !entry.KnowsItsLoss, entry.KnowsItsLoss);
        return Nfs4Status.NeedsRecord;
    }
}
