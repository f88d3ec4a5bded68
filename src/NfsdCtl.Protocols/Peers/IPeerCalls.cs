using NfsdCtl.Wire.Rpc;

namespace NfsdCtl.Protocols.Peers;

/// <summary>
/// A call that this server makes to a client: its lock manager, its status monitor, its call-back program of NFSv4.0.
/// </summary>
/// <param name="From">The server address that the client knows: the call leaves from it.</param>
/// <param name="Arguments">The encoded arguments.</param>
/// <param name="Port">0: the client's port mapper is asked.</param>
public sealed record PeerCall(
    NetAddress From, NetAddress To, uint Program, uint Version, uint Procedure, Transport Transport, byte[] Arguments, ushort Port = 0);

/// <summary>How a call to a peer ended.</summary>
public enum PeerOutcome : byte
{
    /// <summary>It was answered.</summary>
    Answered,

    /// <summary>It was refused: the program, version or procedure is not there.</summary>
    Refused,

    /// <summary>No answer came, or the peer could not be reached.</summary>
    NoAnswer,
}

/// <summary>Told of the end of a call, on any thread; <paramref name="result"/> holds what was answered.</summary>
public delegate void PeerAnswer(PeerOutcome outcome, ReadOnlySpan<byte> result);

/// <summary>Makes calls to clients without holding up whoever asks; a dead peer delays no other.</summary>
public interface IPeerCalls
{
    /// <summary>Starts a call and returns at once.</summary>
    void Start(PeerCall call, PeerAnswer? answer);

    /// <summary>Whether calls can leave from this address: it is on this host now.</summary>
    bool IsLocal(NetAddress address);
}
