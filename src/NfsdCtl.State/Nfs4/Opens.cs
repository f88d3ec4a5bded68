using NfsdCtl.State.Clients;
using NfsdCtl.State.Grace;
using NfsdCtl.State.Shares;

namespace NfsdCtl.State.Nfs4;

/// <summary>OPEN, as far as it is about shares: the file is there already.</summary>
public ref struct OpenRequest
{
    public Nfs4Client Client;

    /// <summary>open_owner4.owner, at most 1024 bytes.</summary>
    public ReadOnlySpan<byte> Owner;
    public FileKey File;

    /// <summary>The export through which the file was reached, for unlock_export.</summary>
    public uint ExportTag;

    /// <summary>At least one of Read and Write.</summary>
    public ShareAccess Access;
    public ShareDeny Deny;

    /// <summary>CLAIM_PREVIOUS.</summary>
    public bool Reclaim;
}

/// <summary>What goes with the answer of <see cref="Opens.Open"/>.</summary>
public struct OpenTicket
{
    internal ShareAccess BeforeAccess { get; set; }

    internal ShareDeny BeforeDeny { get; set; }

    internal ushort BeforePairs { get; set; }

    internal uint BeforeSequence { get; set; }

    public StateId StateId { get; internal set; }

    /// <summary>With <see cref="Nfs4Status.NeedsRecord"/>.</summary>
    public RecordNeed Need { get; internal set; }

    /// <summary>Minor version 0: OPEN_CONFIRM has to follow (OPEN4_RESULT_CONFIRM).</summary>
    public bool MustConfirm { get; internal set; }

    /// <summary>A reclaim was granted although no record came along: worth a warning in the log.</summary>
    public bool Unrecorded { get; internal set; }
}

/// <summary>An operation on a stateid: who asks, through which address, about which file.</summary>
/// <param name="Client">The client of the session; null in minor version 0.</param>
/// <param name="Server">The local address of the call.</param>
/// <param name="StateId">Of the open, or of the lock state.</param>
/// <param name="File">The current filehandle's file.</param>
public readonly record struct StateCall(Nfs4Client? Client, NetAddress Server, StateId StateId, FileKey File);

/// <summary>Opens with their shares. One matrix with the shares of NLM.</summary>
public sealed partial class Opens
{
    private readonly ServerState state;
    private readonly Nfs4State nfs4;

    internal Opens(ServerState state, Nfs4State nfs4)
    {
        this.state = state;
        this.nfs4 = nfs4;
    }

    /// <summary>
    /// May this client open or lock anything on this filesystem now? To be asked before a file is created. Statuses: Ok, Grace (a window, or
    /// RECLAIM_COMPLETE has not come yet), NoGrace, ReclaimBad, and what a client that is no more gets.
    /// </summary>
    public Nfs4Status Admit(in GateScope gate, Nfs4Client client, FsId fileSystem, bool reclaim) =>
        Gone(client) ?? Admit(client, state.Hosts.EntryOf(client.Host, fileSystem), reclaim, out _);

    /// <summary>
    /// Opens, or adds to what the same owner has open (RFC 8881 §9.7: one stateid, its seqid grows). To be asked before the file is
    /// truncated. Statuses: Ok, ShareDenied, Grace, NoGrace, ReclaimBad, Resource, NeedsRecord, Expired, DeadSession.
    /// </summary>
    public Nfs4Status Open(in GateScope gate, in OpenRequest request, out OpenTicket ticket)
    {
        ticket = default;
        if (Gone(request.Client) is { } gone)
            return gone;
        var seat = state.Hosts.SeatOf(request.Client.Host, request.File.FileSystem, request.ExportTag);
        var status = Admit(request.Client, seat.Entry, request.Reclaim, out bool unrecorded);
        if (status != Nfs4Status.Ok)
            return status;
        ticket.Unrecorded = unrecorded;
        int owner = nfs4.Owners.Find(request.Client, StateKind.Open, request.Owner);
        int file = state.Locks.Files.Find(request.File);
        int open = owner == 0 || file == 0 ? 0 : nfs4.States.Find(owner, file);
        // What was released may have been all that kept the file.
        file = state.Locks.Files.Find(request.File);
        status = Stand(gate, request, seat.Entry, file, ref ticket);
        return status == Nfs4Status.Ok ? Take(gate, request, seat, open, ref ticket) : status;
    }

    /// <summary>
    /// What followed the open failed (the truncation, say): it is as if it had not been, unless the same owner has opened the file again meanwhile
    /// and relies on it; then it stays, wider than it need be.
    /// </summary>
    public void Undo(in GateScope gate, Nfs4Client client, in OpenTicket ticket)
    {
        if (nfs4.States.Locate(client.MinorVersion == 0 ? null : client, client.Server, ticket.StateId, out int at) != Nfs4Status.Ok)
            return;
        ref var open = ref nfs4.States[at];
        if (open.Sequence != ticket.StateId.Sequence)
            return;
        if (ticket.BeforeAccess == ShareAccess.None)
        {
            CloseAll(gate, at);
            return;
        }
        nfs4.States.SetShare(at, ticket.BeforeAccess, ticket.BeforeDeny);
        open.Pairs = ticket.BeforePairs;
        open.Sequence = ticket.BeforeSequence;
    }

    /// <summary>OPEN_CONFIRM. Statuses: Ok, BadStateId, OldStateId, StaleStateId, Expired, AdminRevoked.</summary>
    public Nfs4Status Confirm(in GateScope gate, in StateCall call, out StateId result)
    {
        result = default;
        var status = nfs4.States.Locate(call.Client, call.Server, call.StateId, out int at);
        if (status != Nfs4Status.Ok)
            return status;
        ref var open = ref nfs4.States[at];
        ref var owner = ref nfs4.Owners[open.Owner];
        if (open.Kind != StateKind.Open || open.Closed || owner.Confirmed || state.Locks.Files[open.File].Key != call.File)
            return Nfs4Status.BadStateId;
        if (open.Sequence != call.StateId.Sequence)
            return call.StateId.Sequence > open.Sequence ? Nfs4Status.BadStateId : Nfs4Status.OldStateId;
        owner.Confirmed = true;
        result = nfs4.States.Bump(at);
        return Nfs4Status.Ok;
    }

    /// <summary>
    /// OPEN_DOWNGRADE to the union of some of the OPENs (RFC 8881 §18.18.3). Statuses: Ok, Invalid, BadStateId, OldStateId, StaleStateId,
    /// Expired, AdminRevoked.
    /// </summary>
    public Nfs4Status Downgrade(in GateScope gate, in StateCall call, ShareAccess access, ShareDeny deny, out StateId result)
    {
        result = default;
        var status = Resolve(call, out int at);
        if (status != Nfs4Status.Ok)
            return status;
        ushort kept = PairsWithin(nfs4.States[at].Pairs, access, deny, out var accessUnion, out var denyUnion);
        if (kept == 0 || accessUnion != access || denyUnion != deny)
            return Nfs4Status.Invalid;
        nfs4.States[at].Pairs = kept;
        nfs4.States.SetShare(at, access, deny);
        result = nfs4.States.Bump(at);
        return Nfs4Status.Ok;
    }

    /// <summary>CLOSE; its locks go with it. Statuses: Ok, BadStateId, OldStateId, StaleStateId, Expired, AdminRevoked.</summary>
    public Nfs4Status Close(in GateScope gate, in StateCall call, out StateId result)
    {
        result = default;
        var status = Resolve(call, out int at);
        if (status != Nfs4Status.Ok)
            return status;
        if (call.Client is not null)
        {
            // RFC 8881 §18.2.4: the stateid of the answer is one that cannot be used.
            result = StateId.Invalid;
            CloseAll(gate, at);
            return Nfs4Status.Ok;
        }
        result = nfs4.States.Bump(at);
        nfs4.Locks.DropUnder(gate, at);
        int owner = nfs4.States[at].Owner;
        nfs4.Owners.Closed(owner, at);
        nfs4.States.CloseButKeep(at);
        return Nfs4Status.Ok;
    }

    /// <summary>Whether anybody has the file open through NFSv4: then its descriptor and a removed file's data are to be kept.</summary>
    public bool IsOpen(in GateScope gate, in FileKey file)
    {
        int found = state.Locks.Files.Find(file);
        return found != 0 && state.Locks.Files[found].FirstOpen != 0;
    }

    /// <summary>What a client that is no more gets; null while it lives.</summary>
    internal static Nfs4Status? Gone(Nfs4Client client) =>
        !client.IsDead ? null : client.MinorVersion == 0 ? Nfs4Status.Expired : Nfs4Status.DeadSession;

    internal Nfs4Status Admit(Nfs4Client client, ClientEntry entry, bool reclaim, out bool unrecorded)
    {
        unrecorded = false;
        bool complete = client.ReclaimComplete || client.MinorVersion == 0;
        if (!reclaim)
        {
            // RFC 8881 §18.51.3: nothing new before the client has said that it reclaims no more.
            bool early = !complete && !entry.Completed;
            return early || state.Grace.Admit(entry, RequestKind.Nfs4New) == Admission.Grace ? Nfs4Status.Grace : Nfs4Status.Ok;
        }
        if (entry.Completed || (client.ReclaimComplete && !entry.MayReclaim))
            return Nfs4Status.NoGrace;
        var admission = state.Grace.Admit(entry, RequestKind.Nfs4Reclaim);
        unrecorded = admission == Admission.ReclaimUnrecorded;
        return admission switch
        {
            Admission.Reclaim or Admission.ReclaimUnrecorded => Nfs4Status.Ok,
            Admission.Grace => Nfs4Status.Grace,
            // Through another address, or after the window: somebody else may have had it. In the window: it is not in the record.
            Admission.NotReclaimable => (state.Grace.VerdictOf(entry.Scope).Reclaims & Reclaimers.Nfs4) != 0 ? Nfs4Status.ReclaimBad : Nfs4Status.NoGrace,
            _ => Nfs4Status.NoGrace,
        };
    }

    /// <summary>Closes an open, with the locks under it.</summary>
    internal void CloseAll(in GateScope gate, int at)
    {
        nfs4.Locks.DropUnder(gate, at);
        nfs4.States.Remove(at);
    }

    private Nfs4Status Resolve(in StateCall call, out int at)
    {
        var status = nfs4.States.Resolve(call.Client, call.Server, call.StateId, out at);
        if (status != Nfs4Status.Ok)
            return status;
        ref var open = ref nfs4.States[at];
        return open.Kind != StateKind.Open || state.Locks.Files[open.File].Key != call.File ? Nfs4Status.BadStateId : Nfs4Status.Ok;
    }

    /// <summary>The pairs that were opened and are within these shares, and their union.</summary>
    private static ushort PairsWithin(ushort pairs, ShareAccess access, ShareDeny deny, out ShareAccess accessUnion, out ShareDeny denyUnion)
    {
        accessUnion = ShareAccess.None;
        denyUnion = ShareDeny.None;
        int kept = 0;
        for (int pair = 0; pair < 16; pair++)
        {
            var (a, d) = ((ShareAccess)(pair >> 2), (ShareDeny)(pair & 3));
            if ((pairs & 1 << pair) == 0 || (a & ~access) != 0 || (d & ~deny) != 0)
                continue;
            kept |= 1 << pair;
            accessUnion |= a;
            denyUnion |= d;
        }
        return (ushort)kept;
    }

    private static int PairOf(ShareAccess access, ShareDeny deny) => (int)access << 2 | (int)deny;

    /// <summary>Nothing stands against it any more: makes the open, or adds to it.</summary>
    private Nfs4Status Take(in GateScope gate, in OpenRequest request, Seat seat, int open, ref OpenTicket ticket)
    {
        if (open == 0)
        {
            if (!nfs4.States.HasRoom(request.Client))
                return Nfs4Status.Resource;
            int owner = nfs4.Owners.FindOrAdd(request.Client, StateKind.Open, request.Owner);
            int file = owner == 0 ? 0 : state.Locks.Files.FindOrAdd(request.File);
            if (file == 0)
            {
                if (owner != 0)
                    nfs4.Owners.Settle(owner);
                return Nfs4Status.Resource;
            }
            open = nfs4.States.AddOpen(request.Client, owner, file, seat);
            if (request.Reclaim)
                NoteReclaimed(gate, seat.Entry);
        }
        ref var taken = ref nfs4.States[open];
        ticket.BeforeAccess = taken.Access;
        ticket.BeforeDeny = taken.Deny;
        ticket.BeforePairs = taken.Pairs;
        ticket.BeforeSequence = taken.Sequence;
        taken.Pairs |= (ushort)(1 << PairOf(request.Access, request.Deny));
        nfs4.States.SetShare(open, taken.Access | request.Access, taken.Deny | request.Deny);
        ref var by = ref nfs4.Owners[taken.Owner];
        by.Confirmed |= request.Reclaim;
        ticket.MustConfirm = !by.Confirmed;
        ticket.StateId = nfs4.States.Bump(open);
        return Nfs4Status.Ok;
    }

    private void NoteReclaimed(in GateScope gate, ClientEntry entry)
    {
        entry.NoteReclaimed(1);
        state.Grace.EndComplete(gate);
    }
}
