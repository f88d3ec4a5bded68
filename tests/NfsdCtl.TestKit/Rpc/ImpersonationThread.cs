using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace NfsdCtl.TestKit.Rpc;

/// <summary>
/// A thread of a test's own that calls run on, as they do in the server: file operations leave the caller's identity on the
/// thread, which must not be one of the test runner's.
/// </summary>
public sealed class ImpersonationThread : IDisposable
{
    private readonly BlockingCollection<Action> work = [];
    private readonly Thread thread;

    public ImpersonationThread()
    {
        thread = new Thread(() =>
        {
            foreach (var action in work.GetConsumingEnumerable())
                action();
        })
        { IsBackground = true, Name = "test calls" };
        thread.Start();
    }

    /// <summary>Runs it there, waits, and throws what it throws.</summary>
    public void Run(Action action)
    {
        if (Thread.CurrentThread == thread)
        {
            action();
            return;
        }
        ExceptionDispatchInfo? failure = null;
        using var done = new ManualResetEventSlim();
        work.Add(() =>
        {
            try
            {
                action();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
            finally
            {
                done.Set();
            }
        });
        done.Wait();
        failure?.Throw();
    }

    public void Dispose()
    {
        work.CompleteAdding();
        thread.Join();
        work.Dispose();
    }
}
