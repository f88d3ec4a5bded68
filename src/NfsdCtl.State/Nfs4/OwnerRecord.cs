using System.Runtime.CompilerServices;

namespace NfsdCtl.State.Nfs4;

/// <summary>An open owner or a lock owner of a client.</summary>
internal struct OwnerRecord : IHashed, IQueued
{
    /// <summary>The longest owner that needs no array of its own; Linux sends 24 bytes and 20.</summary>
    public const int InlineName = 40;

    /// <summary>Tells it from those that had its index before; 0 while the slot is free.</summary>
    public ulong Life;
    public int Client;
    public StateKind Kind;

    /// <summary>Opens or lock states; the first of them.</summary>
    public int States;
    public int FirstState;

    /// <summary>Requests that stand in line for a lock, or are executed.</summary>
    public int Pins;
    public int ClientNext;
    public int ClientPrevious;

    /// <summary>The seqid of its last operation, minor version 0.</summary>
    public uint Seqid;

    /// <summary>The open that its last operation closed, minor version 0: found by a retransmission.</summary>
    public int LastClosed;

    /// <summary>OPEN_CONFIRM came, or was not needed.</summary>
    public bool Confirmed;

    /// <summary>Its last operation is still executed.</summary>
    public bool Busy;

    /// <summary>It is among those that may be dropped.</summary>
    public bool Idle;

    /// <summary>A seqid was seen.</summary>
    public bool Begun;

    public byte NameLength;
    public NameBytes Name;

    public int Hash { get; set; }

    public int HashNext { get; set; }

    public int QueueNext { get; set; }

    public int QueuePrevious { get; set; }

    public int FreeNext
    {
        readonly get => QueueNext;
        set => QueueNext = value;
    }

    [InlineArray(InlineName)]
    internal struct NameBytes
    {
        private byte first;
    }
}

/// <summary>The answer to the last operation of an owner of minor version 0.</summary>
internal sealed class OwnerReply
{
    private byte[] bytes = new byte[256];
    private int length;

    public ReadOnlyMemory<byte> Bytes => bytes.AsMemory(0, length);

    public void Set(ReadOnlySpan<byte> reply)
    {
        if (reply.Length > bytes.Length)
            bytes = new byte[reply.Length];
        reply.CopyTo(bytes);
        length = reply.Length;
    }
}
