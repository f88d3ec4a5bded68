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
    internal uint BeforeSequence { get; set; }

    public StateId StateId { get; internal set; }

    /// <summary>With <see cref="Nfs4Status.NeedsRecord"/>.</summary>
    public RecordNeed Need { get; internal set; }

    /// <summary>Minor version 0: OPEN_CONFIRM has to follow (OPEN4_RESULT_CONFIRM).</summary>
    public bool MustConfirm { get; internal set; }

    /// <summary>A reclaim was granted although no record came along: worth a warning in the log.</summary>
    public bool Unrecorded { get; internal set; }
}

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
    /// May this client open anything on this filesystem now? To be asked before a file is created. Statuses: Ok, Grace (a window, or
    /// RECLAIM_COMPLETE has not come yet), NoGrace, ReclaimBad.
    /// </summary>
    public Nfs4Status Admit(in GateScope gate, Nfs4Client client, FsId fileSystem, bool reclaim) => throw new NotImplementedException();

    /// <summary>
    /// Opens, or adds to what the same owner has open (RFC 8881 §9.7: one stateid, its seqid grows). To be asked before the file is
    /// truncated. Statuses: Ok, ShareDenied, Grace, NoGrace, ReclaimBad, Resource, NeedsRecord.
    /// </summary>
    public Nfs4Status Open(in GateScope gate, in OpenRequest request, out OpenTicket ticket) => throw new NotImplementedException();

    /// <summary>What followed the open failed (the truncation, say): it is as if it had not been.</summary>
    public void Undo(in GateScope gate, in OpenTicket ticket) => throw new NotImplementedException();

    /// <summary>OPEN_CONFIRM. Statuses: Ok, BadStateId, OldStateId, StaleStateId, Expired, AdminRevoked.</summary>
    public Nfs4Status Confirm(in GateScope gate, in StateCall call, out StateId result) => throw new NotImplementedException();

    /// <summary>
    /// OPEN_DOWNGRADE to a union of what was opened. Statuses: Ok, Invalid, BadStateId, OldStateId, StaleStateId, Expired, AdminRevoked.
    /// </summary>
    public Nfs4Status Downgrade(in GateScope gate, in StateCall call, ShareAccess access, ShareDeny deny, out StateId result) => throw new NotImplementedException();

    /// <summary>
    /// CLOSE; its locks go with it. Statuses: Ok, BadStateId, OldStateId, StaleStateId, Expired, AdminRevoked, LocksHeld (never now).
    /// </summary>
    public Nfs4Status Close(in GateScope gate, in StateCall call, out StateId result) => throw new NotImplementedException();

    /// <summary>Whether anybody has the file open through NFSv4: then its descriptor and a removed file's data are to be kept.</summary>
    public bool IsOpen(in GateScope gate, in FileKey file) => throw new NotImplementedException();
}

/// <summary>An operation on a stateid: who asks, through which address, about which file.</summary>
/// <param name="Client">The client of the session; null in minor version 0.</param>
/// <param name="Server">The local address of the call.</param>
/// <param name="File">The current filehandle's file.</param>
public readonly record struct StateCall(Nfs4Client? Client, NetAddress Server, StateId StateId, FileKey File);
