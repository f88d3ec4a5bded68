namespace NfsdCtl.TestKit.Clients;

/// <summary>A machine that holds locks over restarts and moves of its servers, whatever its version of the protocol. Answers are in NLM's words.</summary>
public interface ILockClient : IDisposable
{
    string Name { get; }

    IReadOnlyList<ClientLock> Held { get; }

    /// <summary>Reclaims that were granted.</summary>
    int Reclaimed { get; }

    /// <summary>Reclaims that were refused: locks that this machine lost.</summary>
    int Lost { get; }

    /// <summary>Asks for a lock, without waiting. What is granted is held and will be reclaimed until <see cref="Unlock"/>.</summary>
    NlmStatus Lock(ClientLock wanted);

    NlmStatus Unlock(ClientLock given);

    /// <summary>Whether a lock could be had: Granted, Denied, or DeniedGracePeriod.</summary>
    NlmStatus Test(ClientLock wanted);
}
