using NfsdCtl.State.Replies;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4;

/// <summary>
/// Executes a compound (RFC 8881 §16.2): one operation at a time, from the call's buffer into the reply's, until one fails. What every
/// operation would have to check is checked here, from the operation's row in <see cref="OperationTable"/>.
/// </summary>
internal static class CompoundRunner
{
    /// <summary>The longest tag that is taken, in bytes; it comes back in the answer.</summary>
    private const int MaxTag = 1024;

    /// <summary>Enough of a call to tell it from another one in the same slot: data of a WRITE need not be summed up.</summary>
    private const int SummedBytes = 512;

    /// <summary>The number and the status of a result.</summary>
    private const int ResultHead = 2 * sizeof(uint);

    public static AcceptStatus Execute(Nfs4Service service, long[] counts, RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
    {
        int requestSize = arguments.Position + arguments.Remaining;
        var body = arguments.Rest;
        var tag = arguments.Opaque(MaxTag);
        uint minorVersion = arguments.U32();
        uint count = arguments.U32();
        if (arguments.Failed)
            return AcceptStatus.GarbageArgs;
        int start = reply.Position;
        call.EnsureRoom(ref reply, tag.Length + 64);
        reply.U32(0);
        reply.Opaque(tag);
        int results = reply.Skip();
        var refusal = Refusal(service.Options, minorVersion, count);
        if (refusal != nfsstat4.NFS4_OK)
        {
            reply.Patch(start, (uint)refusal);
            return AcceptStatus.Success;
        }
        ulong checksum = ReplyKey.Sum(body[..Math.Min(body.Length, SummedBytes)], (ulong)call.Uid << 32 | (uint)requestSize);
        var compound = Compound.Begin(service, call, minorVersion, count, requestSize, checksum);
        try
        {
            return minorVersion == 0
                ? ExecuteOnce(compound, counts, start, results, ref arguments, ref reply)
                : ExecuteInSlot(compound, counts, start, results, ref arguments, ref reply);
        }
        finally
        {
            compound.End();
        }
    }

    /// <summary>Later minor versions: the slot knows what is to be sent again.</summary>
    private static AcceptStatus ExecuteInSlot(
        Compound compound, long[] counts, int start, int results, ref XdrReader arguments, ref XdrWriter reply)
    {
        int answered = start;
        try
        {
            Run(compound, counts, start, results, ref arguments, ref reply);
            answered = reply.Position;
        }
        finally
        {
            compound.Nfs4.Sessions.End(ref compound.Slot, compound.IsReplay || reply.Overflow ? default : reply.Written[start..answered]);
        }
        // The first reply may still wait for the disk.
        if (compound.IsReplay && !compound.Files.AwaitStable(compound.Rpc))
            return AcceptStatus.SystemErr;
        if (compound.HasSplice)
            compound.Rpc.FinishSplice();
        return AcceptStatus.Success;
    }

    /// <summary>Minor version 0: a call that comes again is told by its xid, as in version 3.</summary>
    private static AcceptStatus ExecuteOnce(
        Compound compound, long[] counts, int start, int results, ref XdrReader arguments, ref XdrWriter reply)
    {
        var call = compound.Rpc;
        var replies = compound.Service.Replies;
        var key = new ReplyKey(call.PeerAddress, call.Xid, ReplyKey.Pack(call.Program, call.Version, call.Procedure), compound.Checksum);
        call.EnsureRoom(ref reply, ReplyCache.MaxReply);
        Span<byte> known = stackalloc byte[ReplyCache.MaxReply];
        var answer = replies.Begin(key, known, out int length, out var ticket);
        if (answer == ReplyCacheAnswer.InProgress)
            return AcceptStatus.Drop;
        if (answer == ReplyCacheAnswer.Replay)
        {
            reply.Position = start;
            reply.Fixed(known[..length]);
            // The first reply may still wait for the disk.
            return compound.Files.AwaitStable(call) ? AcceptStatus.Success : AcceptStatus.SystemErr;
        }
        bool keep = false;
        try
        {
            var status = Run(compound, counts, start, results, ref arguments, ref reply);
            if (compound.IsUnstable)
                return AcceptStatus.SystemErr;
            keep = compound.IsRemembered && !compound.HasSplice && status != nfsstat4.NFS4ERR_DELAY;
            if (keep)
                replies.Complete(ticket, new Scope(call.LocalAddress, compound.File.IsValid ? compound.File.FileSystem : FsId.Any), reply.Written[start..]);
        }
        finally
        {
            if (!keep)
                replies.Abandon(ticket);
        }
        if (compound.HasSplice)
            call.FinishSplice();
        return AcceptStatus.Success;
    }

    private static nfsstat4 Refusal(Nfs4Options options, uint minorVersion, uint count)
    {
        if (!options.Serves(minorVersion))
            return nfsstat4.NFS4ERR_MINOR_VERS_MISMATCH;
        // In later minor versions the session says how many, and SEQUENCE answers it.
        return minorVersion == 0 && count > (uint)options.MaxOperations ? nfsstat4.NFS4ERR_RESOURCE : nfsstat4.NFS4_OK;
    }

    private static nfsstat4 Run(Compound compound, long[] counts, int start, int results, ref XdrReader arguments, ref XdrWriter reply)
    {
        var status = nfsstat4.NFS4_OK;
        for (; compound.Index < compound.Count && status == nfsstat4.NFS4_OK; compound.Index++)
        {
            status = Step(compound, counts, ref arguments, ref reply);
            if (compound.IsReplay)
            {
                Repeat(compound, start, ref reply);
                return status;
            }
        }
        reply.Patch(start, (uint)status);
        reply.Patch(results, compound.Index);
        return status;
    }

    /// <summary>The slot knows the whole answer.</summary>
    private static void Repeat(Compound compound, int start, ref XdrWriter reply)
    {
        reply.Position = start;
        var known = compound.Slot.Reply.Span;
        compound.Rpc.EnsureRoom(ref reply, known.Length);
        reply.Fixed(known);
    }

    private static nfsstat4 Step(Compound compound, long[] counts, ref XdrReader arguments, ref XdrWriter reply)
    {
        uint number = arguments.U32();
        bool cut = arguments.Failed;
        var operation = cut ? null : OperationTable.Find(number, compound.MinorVersion);
        if (reply.Room < ResultHead)
            compound.Rpc.EnsureRoom(ref reply, ResultHead);
        // A number that is not known, or not there, is answered under a number of its own (RFC 8881 §18.52).
        reply.U32(operation is null ? (uint)nfs_opnum4.OP_ILLEGAL : number);
        int at = reply.Skip();
        var status = cut ? nfsstat4.NFS4ERR_BADXDR
            : operation is null ? PlaceOfUnknown(compound)
            : Admit(compound, operation, ref reply);
        if (status == nfsstat4.NFS4_OK)
        {
            counts[number]++;
            compound.IsRemembered |= operation!.Remembered;
            status = operation!.Handler(compound, ref arguments, ref reply);
        }
        if (status != nfsstat4.NFS4_OK)
            Fail(compound, operation, at + sizeof(uint), ref reply);
        reply.Patch(at, (uint)status);
        return status;
    }

    private static nfsstat4 PlaceOfUnknown(Compound compound) =>
        compound.MinorVersion > 0 && compound.Index == 0 ? nfsstat4.NFS4ERR_OP_ILLEGAL : compound.IsUncachedRetry ? nfsstat4.NFS4ERR_RETRY_UNCACHED_REP : nfsstat4.NFS4ERR_OP_ILLEGAL;

    /// <summary>What can be said without knowing the arguments.</summary>
    private static nfsstat4 Admit(Compound compound, Operation operation, ref XdrWriter reply)
    {
        var status = compound.MinorVersion > 0 ? Place(compound, operation) : nfsstat4.NFS4_OK;
        if (status != nfsstat4.NFS4_OK)
            return status;
        if (compound.MinorVersion >= operation.RetiredIn)
            return nfsstat4.NFS4ERR_NOTSUPP;
        if (operation.NeedsCurrent)
        {
            if (!compound.Current.IsSet)
                return nfsstat4.NFS4ERR_NOFILEHANDLE;
            if (compound.Current.Pseudo is not null && operation.OnPseudo != nfsstat4.NFS4_OK)
                return operation.OnPseudo;
        }
        return compound.Reserve(ref reply, operation.Room);
    }

    /// <summary>Where an operation may stand when there are sessions (RFC 8881 §2.10.6.4, §18.46.3).</summary>
    private static nfsstat4 Place(Compound compound, Operation operation)
    {
        if (compound.IsUncachedRetry)
            return nfsstat4.NFS4ERR_RETRY_UNCACHED_REP;
        if (compound.Index > 0)
            return operation.Place switch
            {
                SessionPlace.First => nfsstat4.NFS4ERR_SEQUENCE_POS,
                SessionPlace.Alone => nfsstat4.NFS4ERR_NOT_ONLY_OP,
                _ => nfsstat4.NFS4_OK,
            };
        return operation.Place switch
        {
            SessionPlace.First => nfsstat4.NFS4_OK,
            SessionPlace.InSession => nfsstat4.NFS4ERR_OP_NOT_IN_SESSION,
            _ => compound.IsLast ? nfsstat4.NFS4_OK : nfsstat4.NFS4ERR_NOT_ONLY_OP,
        };
    }

    /// <summary>Leaves of a failed operation what its result has with a failure: nothing, for most.</summary>
    private static void Fail(Compound compound, Operation? operation, int body, ref XdrWriter reply)
    {
        if (operation is { KeepsBodyOnFailure: true } && reply.Position > body)
            return;
        reply.Position = body;
        if (operation is not { FailureWords: > 0 and var words })
            return;
        compound.Rpc.EnsureRoom(ref reply, words * sizeof(uint));
        for (int i = 0; i < words; i++)
            reply.U32(0);
    }
}
