using System.Buffers.Binary;
using System.Text;
using NfsdCtl.Protocols.Peers;
using NfsdCtl.State;
using NfsdCtl.State.Locks;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nlm;

/// <summary>
/// Tells clients that a lock they waited for is theirs: GRANTED_MSG from the address that the client used, answered by GRANTED_RES
/// with our cookie, as lockd does it; where a client does not know GRANTED_MSG, GRANTED, answered by its reply. When and how
/// often to repeat it is the state's decision.
/// </summary>
public sealed class GrantCaller
{
    private const int CookieSize = 8;

    [ThreadStatic]
    private static GrantCall? scratch;

    private readonly ServerState state;
    private readonly IPeerCalls peers;

    /// <summary>
    /// Grants that a client may have seen without our having its answer. When it then denies a repetition, it may well hold the lock
    /// (a Linux client denies what it no longer waits for), so the denial is not taken for a refusal: a lock too many is
    /// cured by the client's UNLOCK, a lock too few is found out by nobody.
    /// </summary>
    private readonly HashSet<long> delivered = [];

    public GrantCaller(ServerState state, IPeerCalls peers)
    {
        this.state = state;
        this.peers = peers;
    }

    internal IPeerCalls Peers => peers;

    /// <summary>Set by the runner, which executes what an answer leads to.</summary>
    internal Action<EffectList> RunEffects { get; set; } = static _ => { };

    /// <summary>Executes an effect GrantWaiter.</summary>
    internal void Send(long id, EffectList effects)
    {
        var grant = scratch ??= new GrantCall();
        using (var gate = state.Enter(effects))
        {
            if (!state.Locks.TryGetGrant(gate, id, grant))
            {
                Forget(id);
                return;
            }
            state.Locks.GrantAnswered(gate, id, grant.Client.Address, GrantAnswer.Sent);
        }
        var (version, transport) = ProtocolTag.Split(grant.ProtocolTag);
        var call = new PeerCall(
            grant.Server, grant.Client.Address, NLM_PROG.Number, version, NLM_PROG.NLM4_VERS.NLMPROC4_GRANTED_MSG, transport,
            Arguments(version, grant));
        peers.Start(call, (outcome, _) => Delivered(id, call, outcome));
    }

    /// <summary>
    /// An answer came, as GRANTED_RES or as the reply to GRANTED. <paramref name="client"/> is the address that sent it: another's
    /// cookie is worth nothing.
    /// </summary>
    internal void Answered(ReadOnlySpan<byte> cookie, NetAddress client, nlm4_stats status)
    {
        if (cookie.Length != CookieSize)
            return;
        long id = BinaryPrimitives.ReadInt64BigEndian(cookie);
        var answer = status switch
        {
            nlm4_stats.NLM4_DENIED when !WasDelivered(id) => GrantAnswer.Denied,
            nlm4_stats.NLM4_DENIED_GRACE_PERIOD => GrantAnswer.Retry,
            _ => GrantAnswer.Accepted,
        };
        Report(id, client, answer);
    }

    private void Delivered(long id, PeerCall call, PeerOutcome outcome)
    {
        switch (outcome)
        {
            case PeerOutcome.Answered:
                break;
            case PeerOutcome.Refused:
                peers.Start(
                    call with { Procedure = NLM_PROG.NLM4_VERS.NLMPROC4_GRANTED },
                    (second, result) => Replied(id, call.To, second, result));
                break;
            case PeerOutcome.NoAnswer:
                // It may have arrived all the same.
                lock (delivered)
                    delivered.Add(id);
                Report(id, call.To, GrantAnswer.Retry);
                break;
        }
    }

    private void Replied(long id, NetAddress client, PeerOutcome outcome, ReadOnlySpan<byte> result)
    {
        var r = new XdrReader(result);
        if (outcome == PeerOutcome.Answered && nlm4_res.Read(ref r, out var answer))
            Answered(answer.cookie, client, answer.stat.stat);
        else
            Report(id, client, GrantAnswer.Retry);
    }

    private void Report(long id, NetAddress client, GrantAnswer answer)
    {
        var effects = new EffectList();
        bool awaited;
        using (var gate = state.Enter(effects))
            awaited = state.Locks.GrantAnswered(gate, id, client, answer);
        if (awaited && answer != GrantAnswer.Retry)
            Forget(id);
        RunEffects(effects);
    }

    private bool WasDelivered(long id)
    {
        lock (delivered)
            return delivered.Contains(id);
    }

    private void Forget(long id)
    {
        lock (delivered)
            delivered.Remove(id);
    }

    /// <summary>nlm_testargs and nlm4_testargs. The cookie is ours and names the waiter.</summary>
    private static byte[] Arguments(uint version, GrantCall grant)
    {
        var callerName = Encoding.Latin1.GetBytes(grant.Client.CallerName);
        return PeerArguments.Of((ref w) =>
        {
            Span<byte> cookie = stackalloc byte[CookieSize];
            BinaryPrimitives.WriteInt64BigEndian(cookie, grant.Id);
            w.Opaque(cookie);
            w.Bool(grant.Kind == LockKind.Write);
            w.Opaque(callerName);
            w.Opaque(grant.Handle);
            w.Opaque(grant.OwnerHandle);
            w.I32((int)(uint)grant.OwnerId);
            if (version == NLM_PROG.NLM4_VERS.Number)
            {
                w.U64(grant.Range.Start);
                w.U64(grant.Range.Length);
                return;
            }
            w.U32((uint)grant.Range.Start);
            w.U32((uint)grant.Range.Length);
        });
    }
}
