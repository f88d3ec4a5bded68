using NfsdCtl.State.Release;

namespace NfsdCtl.State.Nfs4;

/// <summary>
/// Copies that go on after their answer. A stateid is good until the client was told the result, cancels, or is no more (RFC 7862 §4.8); one whose
/// result cannot be told is kept for <see cref="StateOptions.OffloadLinger"/>.
/// </summary>
public sealed class Offloads
{
    private readonly ServerState state;
    private readonly Nfs4State nfs4;
    private readonly Dictionary<uint, Offload> byNumber = [];

    internal Offloads(ServerState state, Nfs4State nfs4)
    {
        this.state = state;
        this.nfs4 = nfs4;
    }

    /// <summary>Copies under way, those that were stopped and still have the files included.</summary>
    internal int Working { get; private set; }

    /// <summary>
    /// A copy begins: <see cref="Finish"/> is due, whatever becomes of it. Null when it has to be done before the answer: there are enough of them, or the
    /// client could not be told the result.
    /// </summary>
    public Offload? Begin(in GateScope gate, in OffloadRequest request)
    {
        var client = request.Client;
        if (client.IsDead || !client.HasBackChannel)
            return null;
        if (Working >= state.Options.MaxOffloads || client.Offloads.Count >= state.Options.MaxOffloadsPerClient)
            return null;
        var made = new Offload(state, request, nfs4.States.TakeNumber());
        byNumber.Add(made.StateId.Number, made);
        client.Offloads.Add(made);
        Working++;
        return made;
    }

    /// <summary>Nobody works on it any more, and the files are let go. Effect TellOffload.</summary>
    /// <param name="result">Ok, or why there is no more than <see cref="Offload.Copied"/>.</param>
    public void Finish(in GateScope gate, Offload offload, Nfs4Status result)
    {
        Working--;
        offload.IsWorking = false;
        if (offload.IsGone)
            return;
        offload.Result ??= result;
        offload.Ended = state.Now;
        state.Agenda.Set(offload.Timer, state.After(state.Options.OffloadRetry));
        Tell(offload);
    }

    /// <summary>What <see cref="Begin"/> admitted does not begin.</summary>
    public void Abandon(in GateScope gate, Offload offload)
    {
        Working--;
        offload.IsWorking = false;
        if (!offload.IsGone)
            Remove(offload);
    }

    /// <summary>OFFLOAD_STATUS. Statuses: Ok, BadStateId.</summary>
    /// <param name="complete">How it ended; null while it goes on.</param>
    public Nfs4Status Status(in GateScope gate, Nfs4Client client, in StateId stateId, in FileKey target, out ulong copied, out Nfs4Status? complete)
    {
        var found = Find(client, stateId, target);
        copied = found?.Copied ?? 0;
        complete = found?.Result;
        return found is null ? Nfs4Status.BadStateId : Nfs4Status.Ok;
    }

    /// <summary>
    /// OFFLOAD_CANCEL: the client does not want the rest, and will not ask for the result. Statuses: Ok, BadStateId, CompleteAlready (and the stateid is
    /// given back all the same).
    /// </summary>
    public Nfs4Status Cancel(in GateScope gate, Nfs4Client client, in StateId stateId, in FileKey target)
    {
        if (Find(client, stateId, target) is not { } found)
            return Nfs4Status.BadStateId;
        Remove(found);
        return found.Result is null ? Nfs4Status.Ok : Nfs4Status.CompleteAlready;
    }

    /// <summary>For an effect TellOffload: false when there is nothing to say any more, or no way. <see cref="Told"/> is due after true.</summary>
    public bool TryGetNotice(in GateScope gate, long number, out OffloadNotice notice)
    {
        notice = default;
        if (byNumber.GetValueOrDefault((uint)number) is not { IsWorking: false, Result: { } result } found || IsOnItsWay(found))
            return false;
        // Over the session of the COPY if it can be: its slots are what the call-back refers to.
        var sessions = found.Client.Sessions;
        var way = sessions.Find(s => s.Id == found.Call.Session && s.HasBackChannel) ?? sessions.Find(static s => s.HasBackChannel);
        if (way is null)
            return false;
        found.ToldOver = way;
        notice = new OffloadNotice(way, found, result);
        return true;
    }

    /// <summary>CB_OFFLOAD was answered (true), or has to be said again.</summary>
    public void Told(in GateScope gate, Offload offload, bool arrived)
    {
        offload.ToldOver = null;
        if (arrived && !offload.IsGone)
            Remove(offload);
    }

    internal bool Has(uint number) => byNumber.ContainsKey(number);

    /// <summary>An administrator takes the files, or the address: copies end where they are, and their clients are told so.</summary>
    internal void Release(in ReleaseSelector selector)
    {
        foreach (var offload in byNumber.Values)
        {
            if (offload.Result is not null || !Selects(selector, offload))
                continue;
            offload.Result = Nfs4Status.AdminRevoked;
            offload.Stop();
        }
    }

    /// <summary>The client is no more.</summary>
    internal void Drop(Nfs4Client client)
    {
        while (client.Offloads.Count > 0)
            Remove(client.Offloads[^1]);
    }

    internal void Due(Offload offload)
    {
        if (offload.IsGone)
            return;
        if (state.Since(offload.Ended) >= state.Options.OffloadLinger)
        {
            Remove(offload);
            return;
        }
        state.Agenda.Set(offload.Timer, state.After(state.Options.OffloadRetry));
        if (!IsOnItsWay(offload))
            Tell(offload);
    }

    private static bool IsOnItsWay(Offload offload) => offload.ToldOver is { IsDead: false, HasBackChannel: true };

    private static bool Selects(in ReleaseSelector selector, Offload offload) =>
        Selects(selector, offload, offload.Source.FileSystem, offload.SourceTag) || Selects(selector, offload, offload.Target.FileSystem, offload.TargetTag);

    private static bool Selects(in ReleaseSelector selector, Offload offload, FsId fileSystem, uint exportTag) =>
        selector.Scope.Covers(new Scope(offload.Client.Server, fileSystem))
        && selector.Selects(offload.Client.Host, exportTag);

    private Offload? Find(Nfs4Client client, in StateId stateId, in FileKey target) =>
        byNumber.GetValueOrDefault(stateId.Number) is { } found && found.Client == client && found.StateId == stateId && found.Target == target ? found : null;

    private void Tell(Offload offload) => state.Add(new Effect(EffectKind.TellOffload, offload.StateId.Number));

    private void Remove(Offload offload)
    {
        offload.IsGone = true;
        offload.Stop();
        offload.Timer.Due = Timed.Never;
        byNumber.Remove(offload.StateId.Number);
        offload.Client.Offloads.Remove(offload);
    }
}
