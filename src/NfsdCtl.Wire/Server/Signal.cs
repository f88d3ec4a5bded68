namespace NfsdCtl.Wire.Server;

/// <summary>Wakes one waiting thread, or the next one that waits. Holds no handle.</summary>
internal sealed class Signal
{
    private readonly object gate = new();
    private bool set;

    public void Set()
    {
        lock (gate)
        {
            set = true;
            Monitor.Pulse(gate);
        }
    }

    public void Reset()
    {
        lock (gate)
            set = false;
    }

    public void Wait()
    {
        lock (gate)
        {
            while (!set)
                Monitor.Wait(gate);
            set = false;
        }
    }
}
