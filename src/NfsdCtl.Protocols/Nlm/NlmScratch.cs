using NfsdCtl.State;
using NfsdCtl.State.Locks;

namespace NfsdCtl.Protocols.Nlm;

/// <summary>What a thread reuses from call to call, so that a lock allocates nothing.</summary>
internal sealed class NlmScratch
{
    [ThreadStatic]
    private static NlmScratch? current;

    public static NlmScratch Current => current ??= new NlmScratch();

    public EffectList Effects { get; } = new();

    public LockHolder Holder { get; } = new();

    /// <summary>The server address of this thread's last call: known to be noted as served.</summary>
    public NetAddress LastServed { get; set; }
}
