using System.Runtime.CompilerServices;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Wire.Rpc;

/// <summary>How a call was answered (RFC 5531 §9, accept_stat), or that it gets no answer.</summary>
public enum AcceptStatus : uint
{
    Success = 0,
    ProgUnavail = 1,
    ProgMismatch = 2,
    ProcUnavail = 3,
    GarbageArgs = 4,
    SystemErr = 5,

    /// <summary>Not on the wire: no reply is sent; the client retries or does not care.</summary>
    Drop = 0xFFFF_FFFF,
}

/// <summary>Why a credential was refused (RFC 5531 §9, auth_stat).</summary>
public enum AuthStatus : uint
{
    Ok = 0,
    BadCred = 1,
    RejectedCred = 2,
    BadVerf = 3,
    RejectedVerf = 4,
    TooWeak = 5,
}

public enum Transport : byte
{
    Tcp = 6,
    Udp = 17,
}

/// <summary>
/// One call while it is executed: who asked, through which server address, and the room for its answer. One object per
/// worker thread, filled anew for each call; a program must not keep it, nor any span taken from it.
/// </summary>
public abstract class RpcCall : IBlockingHook
{
    /// <summary>The most supplementary groups that AUTH_SYS carries (RFC 5531 appendix A).</summary>
    public const int MaxGroups = 16;

    /// <summary>The reply room, in bytes, that every call has from the start.</summary>
    public const int DefaultRoom = 4096;

    private GroupArray groups;

    public uint Xid { get; protected set; }

    public uint Program { get; protected set; }

    public uint Version { get; protected set; }

    public uint Procedure { get; protected set; }

    public Transport Transport { get; protected set; }

    /// <summary>The server address on which the call came in (the destination of its packets).</summary>
    public NetAddress LocalAddress { get; protected set; }

    public ushort LocalPort { get; protected set; }

    public NetAddress PeerAddress { get; protected set; }

    public ushort PeerPort { get; protected set; }

    /// <summary>True when the peer's port is below 1024 (the <c>secure</c> export option).</summary>
    public bool FromPrivilegedPort => PeerPort < 1024;

    /// <summary>0 AUTH_NONE, 1 AUTH_SYS.</summary>
    public uint AuthFlavor { get; protected set; }

    /// <summary>The AUTH_SYS user; 65534 with AUTH_NONE.</summary>
    public uint Uid { get; protected set; }

    public uint Gid { get; protected set; }

    public int GroupCount { get; protected set; }

    public ReadOnlySpan<uint> Groups => ((ReadOnlySpan<uint>)groups)[..GroupCount];

    /// <summary>The highest and lowest version to report with <see cref="AcceptStatus.ProgMismatch"/>.</summary>
    public (uint Low, uint High) Mismatch { get; set; }

    protected Span<uint> GroupBuffer => groups;

    /// <summary>
    /// Says that what follows may block for long (fsync, a cold read, a wait for a local lock). The loop of this thread and
    /// the rest of this connection's burst go on in another thread; this call continues here and its reply leaves when it is
    /// done. Cheap when called twice. Spans taken from the arguments stay valid.
    /// </summary>
    public abstract void BeforeBlocking();

    /// <summary>Only a connection has somebody who sends the reply later.</summary>
    public virtual IReplyHold? HoldReply() => null;

    /// <summary>Only where replies leave in bursts.</summary>
    public virtual bool BeforeReply(IPutOff work) => false;

    /// <summary>
    /// Makes sure that <paramref name="reply"/> has room for <paramref name="bytes"/> more, sending or growing what is
    /// behind it as needed; what was written stays. At most <see cref="MaxReply"/> in all.
    /// </summary>
    public abstract void EnsureRoom(ref XdrWriter reply, int bytes);

    /// <summary>The connection of the call, for calls in the other direction; null where there is none (UDP, in-memory transport).</summary>
    public virtual IBackChannel? BackChannel => null;

    /// <summary>The largest reply that this transport carries, in bytes, RPC header included.</summary>
    public abstract int MaxReply { get; }

    /// <summary>
    /// Starts to answer with file data that does not pass through user space: moves up to <paramref name="count"/> bytes of
    /// <paramref name="fileDescriptor"/> at <paramref name="offset"/> into this thread's pipe. Returns the bytes moved (0 at
    /// end of file), or -errno; or -ENOTSUP where data must be copied (UDP, small counts, in-memory transport). After it the
    /// program writes the head of its reply, up to and including the opaque length, and calls <see cref="FinishSplice"/>.
    /// </summary>
    public abstract int BeginSplice(int fileDescriptor, ulong offset, int count);

    /// <summary>Sends the spliced bytes, with XDR padding, behind what was written. Nothing may be written after it.</summary>
    public abstract void FinishSplice();

    [InlineArray(MaxGroups)]
    private struct GroupArray
    {
        private uint first;
    }
}

/// <summary>
/// A program of ONC RPC: answers the procedures of its versions. Called on many threads at once.
/// </summary>
public abstract class RpcProgram
{
    protected RpcProgram(string name, uint number, params uint[] versions)
    {
        Name = name;
        Number = number;
        Versions = versions;
    }

    /// <summary>The name for logs, e.g. "nfs".</summary>
    public string Name { get; }

    public uint Number { get; }

    public bool Serves(uint version) => ((uint[])Versions).AsSpan().Contains(version);

    /// <summary>The versions that are served, ascending.</summary>
    public IReadOnlyList<uint> Versions { get; }

    /// <summary>
    /// Executes <paramref name="call"/>: reads <paramref name="arguments"/>, writes the result into
    /// <paramref name="reply"/> and returns <see cref="AcceptStatus.Success"/>; or another status, and then what was written is
    /// discarded. An exception is answered with SYSTEM_ERR and logged.
    /// </summary>
    public abstract AcceptStatus Execute(RpcCall call, ref XdrReader arguments, ref XdrWriter reply);
}
