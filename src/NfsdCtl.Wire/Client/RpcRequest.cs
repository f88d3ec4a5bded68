using NfsdCtl.Wire.Rpc;

namespace NfsdCtl.Wire.Client;

/// <summary>The AUTH_SYS identity that a call carries (RFC 5531 appendix A).</summary>
/// <param name="MachineName">At most 255 bytes in UTF-8.</param>
public sealed record RpcIdentity(uint Uid, uint Gid, string MachineName);

/// <summary>One call to another machine.</summary>
public sealed record RpcRequest
{
    /// <summary>The address that the call leaves from; the wildcard leaves the choice to the kernel.</summary>
    public NetAddress From { get; init; }

    public required NetAddress To { get; init; }

    /// <summary>0: the peer's port mapper is asked first.</summary>
    public ushort Port { get; init; }

    public required uint Program { get; init; }

    public required uint Version { get; init; }

    public required uint Procedure { get; init; }

    public Transport Transport { get; init; } = Transport.Udp;

    /// <summary>Leave from a port below 1024, which needs root.</summary>
    public bool Privileged { get; init; }

    /// <summary>Null: AUTH_NONE.</summary>
    public RpcIdentity? Identity { get; init; }

    /// <summary>The encoded arguments, a multiple of 4 bytes.</summary>
    public ReadOnlyMemory<byte> Arguments { get; init; }

    /// <summary>The time for everything: the turn, the port, the answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary>How a call to another machine ended.</summary>
public enum RpcOutcome : byte
{
    /// <summary>Accepted with success; the result stands in <see cref="RpcReply.Result"/>.</summary>
    Answered,

    /// <summary>The peer answered, and not with success: see <see cref="RpcReply.Status"/>; or its port mapper does not know the program.</summary>
    Refused,

    /// <summary>No answer in time, or the peer or the local address cannot be reached.</summary>
    NoAnswer,
}

/// <summary>What became of an <see cref="RpcRequest"/>.</summary>
/// <param name="Status">The peer's accept_stat when it accepted the call; PROG_UNAVAIL when its port mapper does not know the program.</param>
/// <param name="Problem">A line for the log when the outcome is not <see cref="RpcOutcome.Answered"/>.</param>
public sealed record RpcReply(RpcOutcome Outcome, AcceptStatus Status, ReadOnlyMemory<byte> Result, string? Problem)
{
    internal static RpcReply NoAnswer(string problem) => new(RpcOutcome.NoAnswer, AcceptStatus.Drop, default, problem);

    internal static RpcReply Refused(AcceptStatus status, string problem) => new(RpcOutcome.Refused, status, default, problem);
}

/// <summary>Bounds of an <see cref="RpcClient"/>.</summary>
public sealed record RpcClientOptions
{
    /// <summary>Calls on their way at a time, each with a socket of its own.</summary>
    public int MaxCalls { get; init; } = 256;

    /// <summary>Calls on their way to one peer: a dead one holds no more than these.</summary>
    public int MaxCallsPerPeer { get; init; } = 4;

    /// <summary>Calls that wait for their turn at one peer; one more is answered with <see cref="RpcOutcome.NoAnswer"/> at once.</summary>
    public int MaxWaitingPerPeer { get; init; } = 256;

    /// <summary>The longest reply that is read, in bytes.</summary>
    public int MaxReply { get; init; } = 64 * 1024;

    /// <summary>After this time a UDP call is sent again; the time doubles with each repetition.</summary>
    public TimeSpan FirstRetransmission { get; init; } = TimeSpan.FromMilliseconds(700);

    /// <summary>How long a port that a peer's port mapper gave is believed.</summary>
    public TimeSpan PortLifetime { get; init; } = TimeSpan.FromMinutes(1);
}
