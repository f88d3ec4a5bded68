namespace NfsdCtl.State.Nfs4.Sessions;

/// <summary>
/// One slot of a session: the last request under it and what was answered (RFC 8881 §2.10.6.1). Whoever sets it busy owns its
/// fields until it is free again, so nothing here is locked.
/// </summary>
internal sealed class Slot
{
    private const int SmallestReply = 256;

    private const int Free = 0;
    private const int Executing = 1;
    private const int Forgetting = 2;

    private int busy;
    private uint sequence;
    private byte[] reply = [];
    private int length;

    public bool IsBusy => Volatile.Read(ref busy) == Executing;

    /// <summary>The number of slots that the last reply under it asked the client to do with (sr_target_highest_slotid); 0: none yet.</summary>
    public int Told { get; set; }

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

    public bool TryTake() => Interlocked.CompareExchange(ref busy, Executing, Free) == Free;

    public void Release() => Volatile.Write(ref busy, Free);

    /// <summary>The reply is not needed any more, unless a request is being executed. Returns the bytes that this frees.</summary>
    public int TryForget()
    {
        if (Interlocked.CompareExchange(ref busy, Forgetting, Free) != Free)
            return 0;
        int freed = reply.Length;
        Kept = false;
        reply = [];
        length = 0;
        Release();
        return freed;
    }

    /// <summary>Keeps a reply, if it has at most so many bytes. Returns the bytes that this takes beyond what the slot had.</summary>
    public int Keep(ReadOnlySpan<byte> answer, uint most)
    {
        Kept = answer.Length <= most;
        if (!Kept)
            return 0;
        int had = reply.Length;
        if (answer.Length > had)
            reply = new byte[Math.Max(SmallestReply, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)answer.Length))];
        answer.CopyTo(reply);
        length = answer.Length;
        return reply.Length - had;
    }
}
