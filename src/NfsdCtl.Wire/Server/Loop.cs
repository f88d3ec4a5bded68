using System.Runtime.InteropServices;
using NfsdCtl.Linux;

namespace NfsdCtl.Wire.Server;

/// <summary>
/// One epoll and the channels in it. At any time one thread leads it; everything here but <see cref="Post"/> belongs to the
/// leader, and a new leader finds the events that the last one had not looked at.
/// </summary>
internal sealed unsafe class Loop
{
    private const int MaxEvents = 128;
    private const ulong WakeKey = ulong.MaxValue;


    private readonly EpollEvent* events = (EpollEvent*)NativeMemory.Alloc(MaxEvents, (nuint)sizeof(EpollEvent));
    private readonly int epoll;
    private readonly int wake;
    private readonly Lock gate = new();
    private readonly Stack<int> free = new();
    private Channel?[] channels = new Channel?[64];
    private readonly Queue<Channel> posted = new();
    private int used;
    private uint generation;
    private int next;
    private int count;
    private int postedNow;
    private volatile bool stopping;

    public Loop(int index)
    {
        Index = index;
        epoll = Epoll.Create(Epoll.EPOLL_CLOEXEC);
        wake = Descriptors.EventFd(0, Descriptors.EFD_CLOEXEC | Descriptors.EFD_NONBLOCK);
        if (epoll < 0 || wake < 0)
            throw new IOException($"cannot make an epoll: errno {Marshal.GetLastPInvokeError()}");
        EpollEvent change = new() { Events = Epoll.EPOLLIN | Epoll.EPOLLET, Data = WakeKey };
        _ = Epoll.Control(epoll, Epoll.EPOLL_CTL_ADD, wake, &change);
    }

    public int Index { get; }

    /// <summary>The thread that leads; null while leadership passes from one to the next.</summary>
    public volatile Worker? Leader;

    /// <summary>False while the leader sleeps in epoll_wait.</summary>
    public volatile bool Active;

    public long Wakeups;

    /// <summary>Puts a channel under this loop; its events begin at once.</summary>
    public bool Add(Channel channel, uint interest)
    {
        lock (gate)
        {
            int place = free.TryPop(out int left) ? left : used++;
            if (place == channels.Length)
                Array.Resize(ref channels, channels.Length * 2);
            channel.Key = (ulong)++generation << 32 | (uint)place;
            channels[place] = channel;
        }
        EpollEvent change = new() { Events = interest, Data = channel.Key };
        if (Epoll.Control(epoll, Epoll.EPOLL_CTL_ADD, channel.Descriptor, &change) == 0)
            return true;
        Forget(channel);
        return false;
    }

    /// <summary>Forgets a channel. True for the caller that did it, who then gives up the loop's reference.</summary>
    public bool Remove(Channel channel)
    {
        if (!Forget(channel))
            return false;
        EpollEvent ignored = default;
        _ = Epoll.Control(epoll, Epoll.EPOLL_CTL_DEL, channel.Descriptor, &ignored);
        return true;
    }

    private bool Forget(Channel channel)
    {
        lock (gate)
        {
            if (Find(channel.Key) != channel)
                return false;
            int place = (int)(uint)channel.Key;
            channels[place] = null;
            free.Push(place);
            return true;
        }
    }

    /// <summary>The channel of an event, or null when it is gone: the generation tells it from the place's next one.</summary>
    private Channel? Find(ulong key)
    {
        var table = Volatile.Read(ref channels);
        uint place = (uint)key;
        return place < table.Length && Volatile.Read(ref table[place]) is { } channel && channel.Key == key ? channel : null;
    }

    public Channel[] Channels()
    {
        lock (gate)
            return [.. channels.OfType<Channel>()];
    }

    /// <summary>Has the leader drive a channel soon. From any thread.</summary>
    public void Post(Channel channel)
    {
        lock (gate)
            posted.Enqueue(channel);
        Wake();
    }

    public void Stop()
    {
        stopping = true;
        Wake();
    }

    /// <summary>Leads until leadership is taken away or the loop stops.</summary>
    public void Lead(Worker worker)
    {
        while (Leader == worker && !stopping)
        {
            if (next < count)
                DriveNext(worker);
            else if (TakePosted() is { } channel)
                channel.Drive(worker, 0);
            else
                Wait(worker.Server);
        }
    }

    private void DriveNext(Worker worker)
    {
        var ready = events[next++];
        if (ready.Data == WakeKey)
        {
            ulong value;
            _ = Descriptors.Read(wake, (byte*)&value, sizeof(ulong));
            // What is posted from here on wakes the loop again, and waits until after the events that have come by then.
            lock (gate)
                postedNow = posted.Count;
            return;
        }
        Find(ready.Data)?.Drive(worker, ready.Events);
    }

    /// <summary>The next posted channel that is still there; one that is gone must not hide those behind it.</summary>
    private Channel? TakePosted()
    {
        while (postedNow > 0)
        {
            postedNow--;
            Channel? channel;
            lock (gate)
                posted.TryDequeue(out channel);
            if (channel is not null && Find(channel.Key) is { } found)
                return found;
        }
        return null;
    }

    private void Wait(RpcServer server)
    {
        Active = false;
        count = Math.Max(0, Epoll.Wait(epoll, events, MaxEvents, -1));
        next = 0;
        Active = true;
        Wakeups++;
        server.Watch();
    }

    private void Wake()
    {
        ulong one = 1;
        _ = Descriptors.Write(wake, (byte*)&one, sizeof(ulong));
    }
}
