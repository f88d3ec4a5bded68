using NfsdCtl.Linux;
using NfsdCtl.Wire.Rpc;

namespace NfsdCtl.Wire.Server;

/// <summary>
/// Something with a descriptor in a loop's epoll: a listener, a connection or a UDP socket. Only the leader of its loop
/// drives it, so its input needs no lock.
/// </summary>
internal abstract class Channel
{
    private int references = 1;

    protected Channel(Loop loop, int descriptor)
    {
        Loop = loop;
        Descriptor = descriptor;
    }

    public Loop Loop { get; }

    public int Descriptor { get; }

    /// <summary>Its place in the loop's table, with a generation: descriptors are reused, these are not.</summary>
    public ulong Key { get; set; }

    /// <summary>Called by the leader when the descriptor is ready, or to go on with input that is buffered.</summary>
    public abstract void Drive(Worker worker, uint events);

    /// <summary>
    /// Gives the input that the worker's present call reads to that call for good, so that another thread can go on with
    /// what follows. Called while the call executes, by its own thread or by the monitor.
    /// </summary>
    public abstract NativeBuffer? Detach();

    /// <summary>The largest reply, in bytes.</summary>
    public virtual int MaxReply => 0;

    /// <summary>File data may go to the socket without passing through user space.</summary>
    public virtual bool CanSplice => false;

    /// <summary>Bytes in front of each reply, for <see cref="Mark"/> to fill.</summary>
    public virtual int MarkSize => 0;

    public virtual void Mark(Span<byte> mark, int length)
    {
    }

    /// <summary>Sends what the worker has pending, or queues it for a reader that is slow.</summary>
    public virtual void Flush(Worker worker) => worker.Sent();

    /// <summary>Room for a reply that is sent later; null when there is none.</summary>
    public virtual HeldReply? Hold() => null;

    /// <summary>The way back to the client; made when it is first asked for.</summary>
    public virtual IBackChannel? BackChannel => null;

    /// <summary>The client answered a call that went to it.</summary>
    public virtual void ReplyArrived(uint xid, ReadOnlySpan<byte> message)
    {
    }

    /// <summary>A call that went on alone is done.</summary>
    public virtual void CallFinished()
    {
    }

    public void AddReference() => Interlocked.Increment(ref references);

    /// <summary>The same for one who has no reference: false when the last user is gone.</summary>
    public bool TryAddReference()
    {
        int now = Volatile.Read(ref references);
        while (now > 0)
        {
            int was = Interlocked.CompareExchange(ref references, now + 1, now);
            if (was == now)
                return true;
            now = was;
        }
        return false;
    }

    /// <summary>Closes the descriptor when the last user is gone: a call that went on alone may still answer.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref references) == 0)
        {
            _ = Descriptors.Close(Descriptor);
            OnClosed();
        }
    }

    protected virtual void OnClosed()
    {
    }
}
