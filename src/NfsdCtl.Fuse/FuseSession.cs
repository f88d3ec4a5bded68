using System.Buffers;
using System.Collections.Concurrent;
using NfsdCtl.Linux;
using static NfsdCtl.Linux.Descriptors;

namespace NfsdCtl.Fuse;

/// <summary>
/// Moves requests between /dev/fuse and a <see cref="FuseDispatcher"/>. One thread reads: it answers at once what cannot block and hands the rest to
/// command threads, so that a command may itself use a path on this mount and an INTERRUPT is always seen, after the request that it means.
/// </summary>
internal sealed class FuseSession : IDisposable
{
    private const int CommandLimit = 32;

    private readonly int device;
    private readonly int wake;
    private readonly FuseDispatcher dispatcher;
    private readonly FuseMountOptions options;
    private readonly CommandThreads commands = new("fuse command", CommandLimit);
    private readonly ConcurrentDictionary<ulong, PendingRequest> pending = new();
    private readonly ReaderWriterLockSlim deviceGate = new();
    private readonly Thread reader;
    private volatile bool stopping;
    private bool closed;

    /// <param name="device">The mounted /dev/fuse descriptor, non-blocking; the session closes it.</param>
    public FuseSession(int device, IFuseFileSystem fileSystem, FuseMountOptions options)
    {
        this.device = device;
        this.options = options;
        dispatcher = new FuseDispatcher(fileSystem, options.OnBug);
        wake = EventFd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        reader = new Thread(ReadLoop) { IsBackground = true, Name = "fuse reader" };
    }

    /// <summary>The kernel said that the mount is gone.</summary>
    public ManualResetEventSlim Ended { get; } = new();

    public void Start() => reader.Start();

    /// <summary>Closes the descriptor, which ends the connection: whoever still waits gets ECONNABORTED.</summary>
    public unsafe void Dispose()
    {
        stopping = true;
        ulong one = 1;
        Descriptors.Write(wake, (byte*)&one, sizeof(ulong));
        if (reader.ThreadState != ThreadState.Unstarted)
            reader.Join();
        commands.Stop();
        CloseDevice();
        Close(wake);
        Ended.Dispose();
    }

    private void ReadLoop()
    {
        byte[] request = GC.AllocateUninitializedArray<byte>(FuseDispatcher.RequestBuffer, pinned: true);
        byte[] reply = GC.AllocateUninitializedArray<byte>(FuseDispatcher.ReplyBuffer, pinned: true);
        while (WaitForRequest())
        {
            int length = ReadRequest(request);
            if (length < 0)
                break;
            if (length > 0)
                Handle(request.AsSpan(0, length), reply);
        }
        if (stopping)
            return;
        // Nobody can be served any more; the last descriptor of the connection must not linger.
        CloseDevice();
        Ended.Set();
        options.OnForeignUnmount?.Invoke();
    }

    /// <summary>Waits without an end; false when the session is to stop.</summary>
    private unsafe bool WaitForRequest()
    {
        PollDescriptor* two = stackalloc PollDescriptor[2];
        two[0] = new PollDescriptor { Descriptor = device, Events = POLLIN };
        two[1] = new PollDescriptor { Descriptor = wake, Events = POLLIN };
        while (!stopping)
        {
            if (Poll(two, 2, -1) > 0)
                return two[1].Returned == 0;
        }
        return false;
    }

    /// <summary>The length of a request; 0 when there is none after all; -1 when the mount is gone.</summary>
    private unsafe int ReadRequest(byte[] buffer)
    {
        fixed (byte* p = buffer)
        {
            nint count = Descriptors.Read(device, p, (nuint)buffer.Length);
            if (count >= 0)
                return (int)count;
        }
        // ENOENT: the request was interrupted before it was read. ENODEV: unmounted. ECONNABORTED: aborted through fusectl.
        return Errno.Last is Errno.ENOENT or Errno.EINTR or Errno.EAGAIN ? 0 : -1;
    }

    private void Handle(ReadOnlySpan<byte> request, byte[] reply)
    {
        if (!FuseDispatcher.TryReadHeader(request, out var header))
            return;
        if (header.Opcode == FuseOpcode.Interrupt)
            Interrupt(request);
        else if (FuseDispatcher.MayBlock(header.Opcode))
            Hand(header, request);
        else
            Send(header.Opcode, reply.AsSpan(0, dispatcher.Process(request, reply)));
    }

    /// <summary>Gives a request to a command thread, with a buffer of its own.</summary>
    private void Hand(FuseInHeader header, ReadOnlySpan<byte> request)
    {
        int length = request.Length;
        byte[] copy = ArrayPool<byte>.Shared.Rent(length);
        request.CopyTo(copy);
        var entry = new PendingRequest(header.Unique);
        pending[header.Unique] = entry;
        commands.Post(() => Execute(header.Opcode, entry, copy, length));
    }

    private void Execute(FuseOpcode opcode, PendingRequest entry, byte[] request, int length)
    {
        byte[] reply = ArrayPool<byte>.Shared.Rent(FuseDispatcher.ReplyBuffer);
        int count = entry.Interrupted.IsCancellationRequested
            ? FuseDispatcher.WriteError(reply, entry.Unique, Errno.EINTR)
            : dispatcher.Process(request.AsSpan(0, length), reply, entry.Interrupted);
        pending.TryRemove(entry.Unique, out _);
        if (entry.TryAnswer())
            Send(opcode, reply.AsSpan(0, count));
        else
            dispatcher.Withdraw(opcode, reply.AsSpan(0, count));
        entry.Dispose();
        ArrayPool<byte>.Shared.Return(request);
        ArrayPool<byte>.Shared.Return(reply);
    }

    /// <summary>
    /// Any signal to the caller comes here, SIGCHLD of a busy shell included. The operation is asked to end; one that does not listen is left
    /// to finish, but its caller gets EINTR after a while, so that ^C always works. An INTERRUPT gets no answer of its own.
    /// </summary>
    private void Interrupt(ReadOnlySpan<byte> request)
    {
        if (FuseDispatcher.TryReadInterrupt(request, out ulong unique) && pending.TryGetValue(unique, out var entry))
            entry.Interrupt(options.Time, options.InterruptPatience, GiveUp);
    }

    private void GiveUp(PendingRequest entry)
    {
        if (!entry.TryAnswer())
            return;
        byte[] reply = new byte[FuseOutHeader.Size];
        Send(FuseOpcode.Interrupt, reply.AsSpan(0, FuseDispatcher.WriteError(reply, entry.Unique, Errno.EINTR)));
    }

    private unsafe void Send(FuseOpcode opcode, ReadOnlySpan<byte> reply)
    {
        if (reply.IsEmpty)
            return;
        nint count;
        deviceGate.EnterReadLock();
        try
        {
            if (closed)
                return;
            fixed (byte* p = reply)
                count = Descriptors.Write(device, p, (nuint)reply.Length);
        }
        finally
        {
            deviceGate.ExitReadLock();
        }
        if (count >= 0)
            return;
        int error = Errno.Last;
        dispatcher.Withdraw(opcode, reply);
        // ENOENT: the caller is gone, ENODEV: the mount is; both are nobody's fault.
        if (error is not (Errno.ENOENT or Errno.ENODEV or Errno.ECONNABORTED))
            options.OnBug?.Invoke(new InvalidOperationException($"the kernel refuses the answer to {opcode}: {Errno.Describe(error)}"));
    }

    /// <summary>Once closed the number may be anybody's, so no late answer may be written to it.</summary>
    private void CloseDevice()
    {
        deviceGate.EnterWriteLock();
        try
        {
            if (!closed)
                Close(device);
            closed = true;
        }
        finally
        {
            deviceGate.ExitWriteLock();
        }
    }
}
