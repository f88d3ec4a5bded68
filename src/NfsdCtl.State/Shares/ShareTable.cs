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

/// <summary>Whole-file reservations of NLM (SHARE, UNSHARE). They conflict with each other and never with byte ranges, as in lockd.</summary>
public sealed class ShareTable
{
    /// <summary>Outcomes: Granted (also replacing the same owner's share), Denied, Grace, NoGrace, NotReclaimable, NoResources.</summary>
    public LockOutcome Share(in GateScope gate, in ShareRequest request) => throw new NotImplementedException();

    /// <summary>Outcomes: Granted (also when there was none), Grace.</summary>
    public LockOutcome Unshare(in GateScope gate, in ShareRequest request) => throw new NotImplementedException();
}
