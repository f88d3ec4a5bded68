using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace NfsdCtl.State.Replies;

/// <summary>
/// What makes two calls one: the client's address and xid, the procedure, and a checksum of the arguments and of the caller.
/// The source port is not part of it, because a client that reconnects, or that finds the server on another node, retries from
/// another port.
/// </summary>
/// <param name="Client">The client's address.</param>
/// <param name="Xid">The transaction id of the call.</param>
/// <param name="Procedure">Program, version and procedure, packed by <see cref="Pack"/>.</param>
/// <param name="Checksum">Of arguments and caller, by <see cref="Sum"/>.</param>
public readonly record struct ReplyKey(NetAddress Client, uint Xid, ulong Procedure, ulong Checksum)
{
    private const ulong Multiplier = 0x9E37_79B9_7F4A_7C15;

    public static ulong Pack(uint program, uint version, uint procedure) =>
        (ulong)program << 32 | (version & 0xFFFF) << 16 | procedure & 0xFFFF;

    /// <summary>
    /// A 64-bit checksum that is the same on every node and in every process, so that records may travel. It tells honest
    /// retransmissions from reused xids; it is no defence against forgery, which a source address would not stop either.
    /// </summary>
    public static ulong Sum(ReadOnlySpan<byte> arguments, ulong caller)
    {
        ulong sum = Mix(caller ^ (ulong)arguments.Length);
        var words = MemoryMarshal.Cast<byte, ulong>(arguments);
        foreach (ulong word in words)
            sum = Mix(sum ^ (BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word)));
        ulong tail = 0;
        foreach (byte b in arguments[(words.Length * sizeof(ulong))..])
            tail = tail << 8 | b;
        return Mix(sum ^ tail);
    }

    internal uint Hash => (uint)(Mix(Client.Low ^ Client.High ^ Xid ^ Checksum) >> 32);

    private static ulong Mix(ulong value)
    {
        value *= Multiplier;
        return value ^ value >> 29;
    }
}
