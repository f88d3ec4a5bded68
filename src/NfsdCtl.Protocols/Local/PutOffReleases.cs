using NfsdCtl.State;
using NfsdCtl.State.Locks;

namespace NfsdCtl.Protocols.Local;

/// <summary>
/// The ranges that the calls of one burst gave up, on one thread: neighbours in a file are looked at and given back together, before the first of their
/// replies is sent. So a client that knows that it has unlocked may tell a local program.
/// </summary>
internal sealed class PutOffReleases(LocalLocks locks) : IPutOff
{
    private readonly List<(FileKey File, LockRange Window)> windows = [];

    /// <summary>Room for what the gate says meanwhile.</summary>
    public EffectList Effects { get; } = new();

    public void Add(in FileKey file, LockRange range)
    {
        for (int i = 0; i < windows.Count; i++)
        {
            var (known, window) = windows[i];
            if (known != file)
                continue;
            windows[i] = (file, new LockRange(Math.Min(window.Start, range.Start), Math.Max(window.End, range.End)));
            return;
        }
        windows.Add((file, range));
    }

    public void Run()
    {
        for (int i = 0; i < windows.Count; i++)
            locks.Realign(windows[i].File, windows[i].Window);
        windows.Clear();
    }
}
