using NfsdCtl.State.Clients;
using NfsdCtl.State.Grace;
using NfsdCtl.State.Locks;
using NfsdCtl.State.Release;
using NfsdCtl.State.Reports;
using NfsdCtl.State.Shares;

namespace NfsdCtl.State;

/// <summary>
/// Who may hold what, and until when. Pure: no I/O, thread, log or clock of its own. <see cref="Enter"/> is the only way in;
/// what must happen outside comes out as effects.
/// </summary>
public sealed class ServerState
{
    public ServerState(StateOptions options, TimeProvider time) => throw new NotImplementedException();

    public LockTable Locks => throw new NotImplementedException();

    public ShareTable Shares => throw new NotImplementedException();

    public GraceTable Grace => throw new NotImplementedException();

    public ClientTable Clients => throw new NotImplementedException();

    public ReleaseTable Releases => throw new NotImplementedException();

    public StateReports Reports => throw new NotImplementedException();

    /// <summary>
    /// Takes the gate: reads the clock once, does what fell due (a bounded part of it), and hands out the scope that every method
    /// of the state demands. Sections are short; nothing that may wait is done inside. Not reentrant.
    /// </summary>
    /// <param name="effects">Receives what must be done after the gate is left. Not cleared.</param>
    public GateScope Enter(EffectList effects) => throw new NotImplementedException();
}

/// <summary>Proof that the gate is held; leaves it when disposed.</summary>
public readonly ref struct GateScope : IDisposable
{
    public void Dispose() => throw new NotImplementedException();
}
