using NfsdCtl.State.Nfs4.Sessions;

namespace NfsdCtl.State.Nfs4;

/// <summary>A session. Owned by the state; others read what never changes and hand it back.</summary>
public sealed class Nfs4Session
{
    private readonly Slot?[] slots;
    private volatile bool dead;
    private volatile int highestUsed = -1;
    private volatile SequenceFlags flags;
    private long kept;

    internal Nfs4Session(Nfs4Client client, in SessionId id, in ChannelAttributes fore, in ChannelAttributes back)
    {
        Client = client;
        Id = id;
        Fore = fore;
        Back = back;
        slots = new Slot?[fore.MaxRequests];
    }

    public SessionId Id { get; }

    public Nfs4Client Client { get; }

    /// <summary>What was agreed for calls of the client.</summary>
    public ChannelAttributes Fore { get; }

    /// <summary>What was agreed for call-backs.</summary>
    public ChannelAttributes Back { get; }

    /// <summary>csa_cb_program, or what BACKCHANNEL_CTL made of it.</summary>
    public uint CallbackProgram { get; internal set; }

    /// <summary>Call-backs are made with AUTH_SYS as this user; AUTH_NONE when null.</summary>
    public (uint Uid, uint Gid)? CallbackUser { get; internal set; }

    /// <summary>It was destroyed, or its client has gone.</summary>
    public bool IsDead
    {
        get => dead;
        internal set => dead = value;
    }

    /// <summary>A connection carries its call-backs.</summary>
    public bool HasBackChannel { get; private set; }

    internal bool HadBackChannel { get; private set; }

    internal int SlotCount => slots.Length;

    /// <summary>The slots that were in use, as far as replies are kept.</summary>
    internal int SlotsUsed => highestUsed + 1;

    internal SequenceFlags Flags => flags;

    internal void SetBackChannel(bool up)
    {
        HadBackChannel |= up;
        HasBackChannel = up;
        if (HadBackChannel && !up)
            flags |= SequenceFlags.CallbackPathDownSession;
        else
            flags &= ~SequenceFlags.CallbackPathDownSession;
    }

    internal void SetFault() => flags |= SequenceFlags.BackChannelFault;

    /// <summary>The slot of this number, which is below <see cref="SlotCount"/>; made at its first use.</summary>
    internal Slot SlotAt(uint number)
    {
        // One that another thread overwrites is seen by the next use.
        if ((int)number > highestUsed)
            highestUsed = (int)number;
        ref var place = ref slots[number];
        if (Volatile.Read(ref place) is { } slot)
            return slot;
        var made = new Slot();
        return Interlocked.CompareExchange(ref place, made, null) ?? made;
    }

    /// <summary>
    /// The client says that nothing is on its way in the slots from this one on (RFC 8881 §2.10.6.1): it will not ask for their replies again. Their
    /// sequences go on. Returns the bytes that this frees.
    /// </summary>
    internal int ForgetReplies(int from)
    {
        int end = SlotsUsed;
        highestUsed = from - 1;
        int freed = 0;
        for (int i = from; i < end; i++)
            freed += Volatile.Read(ref slots[i])?.TryForget() ?? 0;
        return freed;
    }

    /// <summary>The bytes in replies that its slots keep.</summary>
    internal long KeptReplies => Volatile.Read(ref kept);

    internal void NoteKept(long change)
    {
        Interlocked.Add(ref kept, change);
        Client.NoteKept(change);
    }

    /// <summary>A request of the session is executed now, beside one.</summary>
    internal bool IsBusy(int others)
    {
        int busy = 0;
        foreach (ref var place in slots.AsSpan())
        {
            if (Volatile.Read(ref place) is { IsBusy: true })
                busy++;
        }
        return busy > others;
    }
}
