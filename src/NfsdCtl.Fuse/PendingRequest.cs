namespace NfsdCtl.Fuse;

/// <summary>
/// A request that runs on a command thread. Exactly one of the thread and an impatient interrupt answers it; who comes second knows that the kernel has
/// its answer already.
/// </summary>
internal sealed class PendingRequest(ulong unique) : IDisposable
{
    private readonly Lock gate = new();
    private readonly CancellationTokenSource source = new();
    private ITimer? impatience;
    private bool ended;
    private int answered;

    public ulong Unique { get; } = unique;

    public CancellationToken Interrupted => source.Token;

    /// <summary>True for the one caller that may answer.</summary>
    public bool TryAnswer() => Interlocked.Exchange(ref answered, 1) == 0;

    /// <summary>Signals the token; when no answer came within the time, <paramref name="giveUp"/> is called. Harmless once the request has ended.</summary>
    public void Interrupt(TimeProvider time, TimeSpan patience, Action<PendingRequest> giveUp)
    {
        lock (gate)
        {
            if (ended || source.IsCancellationRequested)
                return;
            impatience = time.CreateTimer(_ => giveUp(this), null, patience, Timeout.InfiniteTimeSpan);
            source.Cancel();
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            ended = true;
            impatience?.Dispose();
            source.Dispose();
        }
    }
}
