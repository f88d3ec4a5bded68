using NfsdCtl.State;
using NfsdCtl.State.Locks;
using NfsdCtl.State.Nfs4;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4;

/// <summary>
/// A compound while its operations are executed: who asks, the current and the saved filehandle and stateid, the slot. One object for
/// each thread, filled anew for each call, so that a compound allocates nothing.
/// </summary>
internal sealed class Compound
{
    [ThreadStatic]
    private static Compound? reused;

    private Nfs4Service? service;
    private RpcCall? rpc;
    private int limit;
    private bool limitIsCache;

    public CompoundFile Current;
    public CompoundFile Saved;

    /// <summary>The stateid that the operations left for those behind them (RFC 8881 §16.2.3.1.2); anonymous when none did.</summary>
    public StateId CurrentStateId;
    public StateId SavedStateId;

    /// <summary>The slot of SEQUENCE, minor version 1 and later.</summary>
    public SlotUse Slot;

    /// <summary>The operation under a seqid that is being executed, minor version 0.</summary>
    public SeqidUse Seqid;

    public Nfs4Service Service => service!;

    public RpcCall Rpc => rpc!;

    public uint MinorVersion { get; private set; }

    /// <summary>The number of operations that the client says it sent.</summary>
    public uint Count { get; private set; }

    /// <summary>The operation being executed: 0 is the first.</summary>
    public uint Index { get; set; }

    public bool IsLast => Index + 1 == Count;

    /// <summary>Length of the whole call, RPC head included, in bytes (ca_maxrequestsize).</summary>
    public int RequestSize { get; private set; }

    /// <summary>A checksum of the call's beginning, its length and its caller: tells a retransmission from another call in the same slot.</summary>
    public ulong Checksum { get; private set; }

    /// <summary>The client of the session; null in minor version 0.</summary>
    public Nfs4Client? Client => Slot.Session?.Client;

    public bool InSession => Slot.Session is not null;

    /// <summary>The slot has an answer already, which is to be sent again.</summary>
    public bool IsReplay { get; set; }

    /// <summary>The slot was used by the same call before, and its answer was not kept: no operation is executed again.</summary>
    public bool IsUncachedRetry { get; set; }

    /// <summary>Something that was answered out of memory may have become an error: the call gets none but that (RFC 5531 §9, SYSTEM_ERR).</summary>
    public bool IsUnstable { get; set; }

    /// <summary>One of the operations must not be executed twice.</summary>
    public bool IsRemembered { get; set; }

    /// <summary>The answer ends in data that wait in the thread's pipe (<see cref="RpcCall.BeginSplice"/>).</summary>
    public bool HasSplice { get; set; }

    public EffectList Effects { get; } = new();

    /// <summary>Who is in the way of a LOCK or LOCKT.</summary>
    public LockHolder Holder { get; } = new();

    public Principal Principal => new(Rpc.AuthFlavor, Rpc.Uid);

    public Nfs4State Nfs4 => Service.Nfs4;

    public FileService Files => Service.Files;

    /// <summary>The file of the current filehandle.</summary>
    public ref FileRef File => ref Current.File;

    /// <summary>This thread's compound, for a new call. <see cref="End"/> is due.</summary>
    public static Compound Begin(Nfs4Service service, RpcCall rpc, uint minorVersion, uint count, int requestSize, ulong checksum)
    {
        var compound = reused ?? new Compound();
        reused = null;
        compound.service = service;
        compound.rpc = rpc;
        compound.MinorVersion = minorVersion;
        compound.Count = count;
        compound.Index = 0;
        compound.RequestSize = requestSize;
        compound.Checksum = checksum;
        compound.IsReplay = compound.IsUncachedRetry = compound.IsUnstable = compound.IsRemembered = compound.HasSplice = compound.limitIsCache = false;
        compound.limit = rpc.MaxReply - CallFrame.AcceptedHead;
        return compound;
    }

    /// <summary>Gives back what the call held.</summary>
    public void End()
    {
        if (Seqid.IsPending)
            Seqids.Abandon(this);
        Seqid = default;
        Current.Dispose();
        Saved.Dispose();
        CurrentStateId = SavedStateId = default;
        Slot = default;
        service = null;
        rpc = null;
        reused = this;
    }

    /// <summary>Another file becomes current; what stateid was current is not about it.</summary>
    public void SetCurrent(in CompoundFile file)
    {
        Current.Dispose();
        Current = file;
        CurrentStateId = StateId.Anonymous;
    }

    public void SetCurrent(in FileRef file) => SetCurrent(new CompoundFile { File = file });

    /// <summary>The stateid that an operation means: in a session, one stands for the current one (RFC 8881 §8.2.3).</summary>
    public StateId Resolve(in StateId stateId) => InSession && stateId.IsCurrent ? CurrentStateId : stateId;

    /// <summary>An operation on a stateid and the current file.</summary>
    public StateCall StateCall(in StateId stateId) => new(Client, Rpc.LocalAddress, Resolve(stateId), File.Key);

    public GateScope Enter() => Service.State.Enter(Effects);

    /// <summary>Does what the state asked for. Outside of the gate.</summary>
    public void RunEffects() => Service.Effects.Run(Effects);

    /// <summary>The session's bounds of an answer are in force from now on.</summary>
    public void ApplyLimits(in ChannelAttributes fore, bool keeps)
    {
        limit = (int)Math.Min((uint)limit, Math.Max(fore.MaxResponse, CallFrame.AcceptedHead) - CallFrame.AcceptedHead);
        if (!keeps)
            return;
        int cached = (int)Math.Min(int.MaxValue, Math.Max(fore.MaxCachedResponse, CallFrame.AcceptedHead) - CallFrame.AcceptedHead);
        limitIsCache = cached < limit;
        limit = Math.Min(limit, cached);
    }

    /// <summary>Bytes that the answer may still have.</summary>
    public int Left(in XdrWriter reply) => Math.Max(0, limit - reply.Position);

    /// <summary>What an answer is that would be longer than agreed.</summary>
    public nfsstat4 TooBig => MinorVersion == 0 ? nfsstat4.NFS4ERR_RESOURCE
        : limitIsCache ? nfsstat4.NFS4ERR_REP_TOO_BIG_TO_CACHE : nfsstat4.NFS4ERR_REP_TOO_BIG;

    /// <summary>A bound of this server was reached: later minor versions have no RESOURCE, and the client comes again.</summary>
    public nfsstat4 Shortage => MinorVersion == 0 ? nfsstat4.NFS4ERR_RESOURCE : nfsstat4.NFS4ERR_DELAY;

    /// <summary>Makes room for <paramref name="bytes"/> more, or says why the answer may not be that long.</summary>
    public nfsstat4 Reserve(ref XdrWriter reply, int bytes)
    {
        if (bytes > limit - reply.Position)
            return TooBig;
        if (reply.Room < bytes)
            Rpc.EnsureRoom(ref reply, bytes);
        return nfsstat4.NFS4_OK;
    }
}
