using NfsdCtl.Protocols.Peers;
using NfsdCtl.State;
using NfsdCtl.State.Nfs4;
using NfsdCtl.Wire.Client;
using NfsdCtl.Wire.PortMap;
using NfsdCtl.Wire.Rpc;

namespace NfsdCtl.Protocols.Nfs4.Callback;

/// <summary>
/// Calls to NFSv4 clients. With sessions they go over connections that the client made and gave for that (RFC 8881 §2.10.3.1); to a client of minor
/// version 0 over one that this server makes. Nobody waits for an answer. The state is told whether there is a way.
/// </summary>
public sealed class Nfs4Callbacks
{
    [ThreadStatic]
    private static LockNotice? scratch;

    private readonly ServerState state;
    private readonly IPeerCalls peers;
    private readonly Lock own = new();
    private readonly Dictionary<SessionId, CallbackSession> sessions = [];
    private readonly Dictionary<IBackChannel, List<CallbackSession>> carried = [];

    internal Nfs4Callbacks(ServerState state, IPeerCalls peers)
    {
        this.state = state;
        this.peers = peers;
    }

    /// <summary>Set by the runner, which executes what an answer leads to.</summary>
    internal Action<EffectList> RunEffects { get; init; } = static _ => { };

    /// <summary>
    /// The connection carries call-backs of the session from now on (CREATE_SESSION with CONN_BACK_CHAN, BIND_CONN_TO_SESSION). False when it cannot.
    /// </summary>
    internal bool Bind(Nfs4Session session, IBackChannel? connection)
    {
        if (connection is not { IsOpen: true } || session.IsDead)
            return false;
        CallbackSession target;
        bool first;
        lock (own)
        {
            if (!sessions.TryGetValue(session.Id, out target!))
                sessions.Add(session.Id, target = new CallbackSession(session));
            if (!target.Add(connection))
                return target.Carries(connection);
            first = !carried.TryGetValue(connection, out var list);
            if (first)
                carried.Add(connection, list = []);
            foreach (var dead in list!.FindAll(s => s.Session.IsDead))
                Drop(dead);
            list.Add(target);
        }
        Tell(target);
        if (first)
            connection.WhenClosed(() => Closed(connection));
        target.SendStranded((slot, way, reply) => Answered(target, slot, way, reply));
        target.Probe(connection, answered =>
        {
            if (!answered)
                Unfit(target, connection);
        });
        return true;
    }

    /// <summary>The session is no more.</summary>
    internal void Forget(SessionId session)
    {
        lock (own)
        {
            if (sessions.TryGetValue(session, out var found))
                Drop(found);
        }
    }

    /// <summary>Executes an effect NotifyLock. A hint: when there is no way to say it, the client comes by itself.</summary>
    internal void NotifyLock(long waiter, EffectList effects)
    {
        var notice = scratch ??= new LockNotice();
        using (var gate = state.Enter(effects))
        {
            if (!state.Nfs4.Locks.TryGetNotice(gate, waiter, notice))
                return;
        }
        CallbackSession? target;
        lock (own)
            sessions.TryGetValue(notice.Session.Id, out target);
        byte[] handle = notice.Handle.ToArray();
        byte[] owner = notice.Owner.ToArray();
        target?.Start(
            (slot, highest) => CallbackMessage.NotifyLock(target.Session, slot, highest, handle, owner), static (_, _) => { },
            (slot, way, reply) => Answered(target, slot, way, reply));
    }

    /// <summary>Executes an effect TellOffload. What does not arrive is asked for again by the state.</summary>
    internal void TellOffload(long number, EffectList effects)
    {
        OffloadNotice notice;
        using (var gate = state.Enter(effects))
        {
            if (!state.Nfs4.Offloads.TryGetNotice(gate, number, out notice))
                return;
        }
        CallbackSession? target;
        lock (own)
            sessions.TryGetValue(notice.Session.Id, out target);
        bool started = target is not null && target.Start(
            (slot, highest) => CallbackMessage.Offload(notice, slot, highest),
            (outcome, status) => Told(notice.Offload, outcome == CallbackOutcome.Accepted && status != nfsstat4.NFS4ERR_DELAY),
            (slot, way, reply) => Answered(target, slot, way, reply));
        if (!started)
            Told(notice.Offload, false);
    }

    /// <summary>
    /// Executes an effect ProbeCallback: whether a client of minor version 0 takes call-backs. Only where it calls from: nobody has this server call a
    /// third party.
    /// </summary>
    internal void Probe(ulong clientId, EffectList effects)
    {
        Nfs4Client? client;
        using (var gate = state.Enter(effects))
            client = state.Nfs4.Clients.FindConfirmed(gate, clientId);
        if (client is null || !UniversalAddress.TryParse(client.CallbackAddress.Span, out var address, out ushort port) || address != client.Address)
            return;
        bool udp = client.CallbackNetId.Span.StartsWith("udp"u8);
        var call = new PeerCall(
            client.Server, address, client.CallbackProgram, NFS4_CALLBACK.NFS_CB.Number, NFS4_CALLBACK.NFS_CB.CB_NULL,
            udp ? Transport.Udp : Transport.Tcp, [], port);
        peers.Start(call, (outcome, _) => Enter((in GateScope gate) => state.Nfs4.Clients.CallbackProbed(gate, clientId, outcome == PeerOutcome.Answered)));
    }

    private void Told(Offload offload, bool arrived) => Enter((in GateScope gate) => state.Nfs4.Offloads.Told(gate, offload, arrived));

    private void Answered(CallbackSession target, CallbackSlot slot, IBackChannel way, RpcReply reply)
    {
        var (outcome, status) = CallbackMessage.Read(reply);
        var done = target.Finish(slot, outcome);
        switch (outcome)
        {
            case CallbackOutcome.Fault:
                Enter((in GateScope gate) => state.Nfs4.Sessions.BackChannelFault(gate, target.Session));
                break;
            case CallbackOutcome.NoProgram:
                Unfit(target, way);
                break;
        }
        if (outcome is CallbackOutcome.NoProgram or CallbackOutcome.Broken)
            target.SendStranded((again, next, answer) => Answered(target, again, next, answer));
        done?.Invoke(outcome, status);
    }

    /// <summary>Nobody answers call-backs on this connection.</summary>
    private void Unfit(CallbackSession session, IBackChannel connection)
    {
        session.Remove(connection);
        Tell(session);
    }

    private void Closed(IBackChannel connection)
    {
        List<CallbackSession>? lost;
        lock (own)
        {
            if (!carried.Remove(connection, out lost))
                return;
            foreach (var session in lost)
                session.Remove(connection);
        }
        foreach (var session in lost)
        {
            if (session.Session.IsDead)
                Forget(session.Session.Id);
            else
                Tell(session);
        }
    }

    /// <summary>The state learns whether there is a way; asked inside the gate, so that the last to tell is right.</summary>
    private void Tell(CallbackSession session) =>
        Enter((in GateScope gate) => state.Nfs4.Sessions.BackChannel(gate, session.Session, session.HasConnection));

    private void Drop(CallbackSession session)
    {
        sessions.Remove(session.Session.Id);
        foreach (var list in carried.Values)
            list.Remove(session);
    }

    private void Enter(GateAction action)
    {
        var effects = new EffectList();
        using (var gate = state.Enter(effects))
            action(gate);
        RunEffects(effects);
    }

    private delegate void GateAction(in GateScope gate);
}
