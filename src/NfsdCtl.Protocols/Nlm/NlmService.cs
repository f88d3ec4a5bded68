using System.Collections.Concurrent;
using NfsdCtl.Protocols.Effects;
using NfsdCtl.Protocols.Local;
using NfsdCtl.Protocols.Peers;
using NfsdCtl.State;
using NfsdCtl.State.Locks;
using NfsdCtl.State.Records;
using NfsdCtl.Vfs;
using NfsdCtl.Vfs.Exports;
using NfsdCtl.Wire.Rpc;

namespace NfsdCtl.Protocols.Nlm;

/// <summary>What the procedures of the lock manager share: who the caller is, which file is meant, and how a lock is had.</summary>
public sealed class NlmService
{
    private readonly INlmFiles files;
    private readonly RecordWriter writer;
    private readonly ConcurrentDictionary<NetAddress, bool> served = new();

    public NlmService(ServerState state, INlmFiles files, IScopeRecords records, LocalLocks localLocks, EffectRunner effects, IPeerCalls peers)
    {
        State = state;
        this.files = files;
        writer = new RecordWriter(state, records, effects);
        LocalLocks = localLocks;
        Effects = effects;
        Peers = peers;
    }

    public ServerState State { get; }

    internal LocalLocks LocalLocks { get; }

    internal EffectRunner Effects { get; }

    internal IPeerCalls Peers { get; }

    /// <summary>Remembers, once for each address, that it is one of this server's.</summary>
    internal void NoteServed(NetAddress server)
    {
        var scratch = NlmScratch.Current;
        if (scratch.LastServed == server)
            return;
        scratch.LastServed = server;
        if (!served.TryAdd(server, true))
            return;
        using var gate = State.Enter(scratch.Effects);
        State.Releases.NoteServed(gate, server);
    }

    internal static State.Caller CallerOf(RpcCall call, ReadOnlySpan<byte> callerName) =>
        new(call.PeerAddress, call.LocalAddress, callerName);

    /// <summary>Finds the file of a handle for this client.</summary>
    /// <param name="takes">False for what only gives back: that needs no right to the file.</param>
    internal nlm4_stats Find(RpcCall call, ReadOnlySpan<byte> handle, bool takes, out FileKey file, out Export export)
    {
        var status = VfsStatus.BadHandle;
        (file, Export? found) = (default, null);
        if (handle.Length <= LockTable.MaxNfsHandle)
            status = takes
                ? files.IdentifyForLock(handle, call.ToCaller(), out file, out found)
                : files.Identify(handle, call.ToCaller(), out file, out found);
        export = found!;
        return NlmStatus.Of(status);
    }

    /// <summary>Makes a lock request of the arguments; any other status than GRANTED is the answer.</summary>
    /// <param name="takes">False for what only gives back.</param>
    internal nlm4_stats Prepare(RpcCall call, scoped in LockArguments a, bool takes, out LockRequest request)
    {
        request = default;
        var status = Find(call, a.fh, takes, out var file, out var export);
        if (status != nlm4_stats.NLM4_GRANTED)
            return status;
        if (!a.TryGetRange(out var range))
            return nlm4_stats.NLM4_FBIG;
        request.Caller = CallerOf(call, a.caller_name);
        request.OwnerKind = OwnerKind.Nlm;
        request.OwnerId = (uint)a.svid;
        request.OwnerHandle = a.oh;
        request.File = file;
        request.ExportTag = export.Tag;
        request.Range = range;
        request.Kind = a.exclusive ? LockKind.Write : LockKind.Read;
        request.Reclaim = a.reclaim;
        request.Block = a.block;
        request.LocalLocks = export.Options.LocalLocks;
        request.Handle = a.fh;
        request.ProtocolTag = ProtocolTag.Of(call);
        return a.exclusive && export.Options.ReadOnly ? nlm4_stats.NLM4_ROFS : nlm4_stats.NLM4_GRANTED;
    }

    /// <summary>Asks for a lock until it is decided: writes the records that it needs and takes the kernel's lock.</summary>
    internal NlmResult Lock(RpcCall call, scoped in LockRequest request)
    {
        var effects = NlmScratch.Current.Effects;
        for (int written = 0; written <= RecordWriter.MostForOne; written++)
        {
            LockOutcome outcome;
            LockTicket ticket;
            using (var gate = State.Enter(effects))
                outcome = State.Locks.Lock(gate, request, out ticket);
            if (outcome == LockOutcome.NeedsRecord)
            {
                if (writer.Write(call, ticket.Need, request.NsmState, effects))
                    continue;
                Effects.Run(effects);
                return NlmResult.Of(nlm4_stats.NLM4_DENIED_NOLOCKS);
            }
            if (outcome == LockOutcome.Rebooted)
            {
                Effects.Run(effects);
                continue;
            }
            var result = outcome == LockOutcome.Tentative
                ? TakeLocally(request, ticket.Id, effects)
                : NlmResult.Of(NlmStatus.Of(outcome));
            bool inKernel = outcome == LockOutcome.Tentative && result is { stat: nlm4_stats.NLM4_GRANTED, dropped: false };
            Effects.Run(effects, inKernel ? request.File : default);
            if (ticket.Unrecorded && outcome is LockOutcome.Granted or LockOutcome.Tentative)
                Effects.Warn($"reclaim of {request.Range} granted to {call.PeerAddress} on {request.File.FileSystem}: no record of its locks came along");
            return result;
        }
        Effects.Run(effects);
        return NlmResult.Drop;
    }

    /// <summary>The state reserved the lock: it is granted when local programs leave it too.</summary>
    private NlmResult TakeLocally(scoped in LockRequest request, long id, EffectList effects)
    {
        var local = LocalLocks.Take(request.File, request.Range, request.Kind, effects);
        LockOutcome outcome;
        using (var gate = State.Enter(effects))
        {
            outcome = local == LocalAnswer.Taken
                ? State.Locks.ConfirmLocal(gate, id)
                : State.Locks.WithdrawLocal(gate, id);
            // A file that cannot be locked at all is nothing to wait for.
            if (outcome == LockOutcome.Blocked && local != LocalAnswer.Conflict)
                State.Locks.Cancel(gate, request);
        }
        switch (local)
        {
            case LocalAnswer.Taken when outcome == LockOutcome.NotFound:
                // Released by an administrator meanwhile; the client asks again.
                LocalLocks.Realign(request.File, request.Range, effects);
                return NlmResult.Drop;
            case LocalAnswer.Stale:
                return NlmResult.Of(nlm4_stats.NLM4_STALE_FH);
            case LocalAnswer.Failed:
                return NlmResult.Of(nlm4_stats.NLM4_DENIED_NOLOCKS);
            case LocalAnswer.Conflict when outcome == LockOutcome.NotFound:
                return NlmResult.Drop;
            case LocalAnswer.Conflict when outcome == LockOutcome.Blocked:
                LocalLocks.AwaitRelease(request.File, request.Range, request.Kind);
                break;
        }
        return NlmResult.Of(NlmStatus.Of(outcome));
    }
}
