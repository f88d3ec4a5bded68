namespace NfsdCtl.Hosting;

/// <summary>
/// Does what SIGHUP asks for, on a thread made while the server is root: a thread of the runtime's pool may have been born while
/// a request acted for a user, and would read files with that user's rights.
/// </summary>
public sealed class SignalledReload : IDisposable
{
    private readonly Action action;
    private readonly ManualResetEventSlim requested = new();
    private readonly Thread thread;
    private volatile bool ended;
    private bool started;

    public SignalledReload(Action action)
    {
        this.action = action;
        thread = new Thread(Run) { IsBackground = true, Name = "reload" };
    }

    public void Start()
    {
        started = true;
        thread.Start();
    }

    /// <summary>Requests that come while one is under way are one more run.</summary>
    public void Request() => requested.Set();

    public void Dispose()
    {
        ended = true;
        requested.Set();
        if (started)
            thread.Join();
        requested.Dispose();
    }

    private void Run()
    {
        while (true)
        {
            requested.Wait();
            requested.Reset();
            if (ended)
                return;
            action();
        }
    }
}
