namespace NfsdCtl.State.Nfs4.Sessions;

/// <summary>
/// One slot of a session: the last request under it and what was answered (RFC 8881 §2.10.6.1). Whoever sets it busy owns its
/// fields until it is free again, so nothing here is locked.
/// </summary>
internal sealed class Slot
{
    private const int SmallestReply = 256;

    private int busy;
    private uint sequence;
    private byte[] reply = [];
    private int length;

    public bool IsBusy => Volatile.Read(ref busy) != 0;

    /// <summary>The sequence of the last request, which may still be executed: read by others too.</summary>
    public uint Sequence
    {
        get => Volatile.Read(ref sequence);
        set => Volatile.Write(ref sequence, value);
    }

    public ulong Checksum { get; set; }

    /// <summary>The last request asked for its reply to be kept, and it was.</summary>
    public bool Kept { get; set; }

    public ReadOnlyMemory<byte> Reply => reply.AsMemory(0, length);

    public bool TryTake() => Interlocked.CompareExchange(ref busy, 1, 0) == 0;

    public void Release() => Volatile.Write(ref busy, 0);

    /// <summary>The reply is not needed any more.</summary>
    public void Forget()
    {
        Kept = false;
        reply = [];
        length = 0;
    }

    public void Keep(ReadOnlySpan<byte> answer, uint most)
    {
        Kept = answer.Length <= most;
        if (!Kept)
            return;
        if (answer.Length > reply.Length)
            reply = new byte[Math.Max(SmallestReply, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)answer.Length))];
        answer.CopyTo(reply);
        length = answer.Length;
    }
}
