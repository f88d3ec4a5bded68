namespace NfsdCtl;

/// <summary>
/// A lock for sections of a few microseconds. <see cref="Lock"/> yields the processor and soon sleeps, which costs more than the
/// section does: two loops that lock ranges of one file then spend half of their time in the scheduler. This one first looks again for
/// about as long as one section takes. Not reentrant by intent; it sleeps like any lock when the holder was preempted.
/// </summary>
public sealed class ShortLock
{
    /// <summary>Looks before sleeping, each after some 0.2 µs.</summary>
    private const int Looks = 40;

    private const int Pause = 5;

    private readonly Lock inner = new();

    public void Enter()
    {
        for (int i = 0; i < Looks; i++)
        {
            if (inner.TryEnter())
                return;
            Thread.SpinWait(Pause);
        }
        inner.Enter();
    }

    public void Exit() => inner.Exit();

    /// <summary>For <c>using</c>.</summary>
    public Section Hold()
    {
        Enter();
        return new Section(this);
    }

    public readonly ref struct Section(ShortLock held)
    {
        public void Dispose() => held.Exit();
    }
}
