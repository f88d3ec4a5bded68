using NfsdCtl.State;
using NfsdCtl.State.Records;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Rpc;

namespace NfsdCtl.Protocols.Effects;

/// <summary>Writes what has to be on disk before a request can be granted.</summary>
public sealed class RecordWriter(ServerState state, IScopeRecords records, EffectRunner runner)
{
    /// <summary>
    /// How many records one request may have to write: its own, and one for each client in its way that is gone or may reclaim. Beyond it the
    /// client asks again, so that no request keeps a thread for longer than seconds.
    /// </summary>
    public const int MostForOne = 1024;

    /// <summary>
    /// Writes a record and tells the state; false when the disk refuses, and then nothing is left behind. May block, and makes the
    /// thread root's.
    /// </summary>
    /// <param name="nsmState">The state number of an NLM client; 0 otherwise.</param>
    /// <param name="effects">Receives what follows from it.</param>
    public bool Write(RpcCall call, in RecordNeed need, uint nsmState, EffectList effects)
    {
        call.BeforeBlocking();
        ThreadIdentity.BecomeRoot();
        if (need.Kind == RecordNeedKind.Forget && !BeginRemoval(need, effects))
            return true;
        var status = need.Kind switch
        {
            RecordNeedKind.Forfeit => records.Forfeit(need.Scope, need.Client),
            RecordNeedKind.Forget => records.Forget(need.Scope, need.Client),
            _ => records.Remember(need.Scope, new ClientRecord(need.Client) { State = nsmState, Forfeited = need.Forfeited, KnowsItsLoss = need.KnowsItsLoss }),
        };
        if (status != RecordStatus.Ok)
            runner.Warn($"refused to {call.PeerAddress}: the record of {need.Client} for {need.Scope} could not be written ({status})");
        using var gate = state.Enter(effects);
        state.Clients.Recorded(gate, need, status == RecordStatus.Ok);
        return status == RecordStatus.Ok;
    }

    private bool BeginRemoval(in RecordNeed need, EffectList effects)
    {
        using var gate = state.Enter(effects);
        return state.Clients.BeginRemoval(gate, need);
    }
}
