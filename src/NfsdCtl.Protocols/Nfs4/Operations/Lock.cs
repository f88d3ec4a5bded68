using NfsdCtl.Protocols.Effects;
using NfsdCtl.Protocols.Local;
using NfsdCtl.State.Nfs4;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.10: locks a range under an open, for an owner that is new to it or has locked under it before.</summary>
internal static class Lock
{
    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!LOCK4args.Read(ref arguments, out var args))
            return nfsstat4.NFS4ERR_BADXDR;
        bool isNew = args.locker.new_lock_owner;
        var stateId = StateIds.Of(isNew ? args.locker.open_owner.open_stateid : args.locker.lock_owner.lock_stateid);
        uint seqid = isNew ? args.locker.open_owner.open_seqid : args.locker.lock_owner.lock_seqid;
        int body = reply.Position;
        if (!Seqids.Begin(compound, stateId, seqid, ref reply, out var answer))
            return answer;
        var status = Names.RequireRegular(compound.MinorVersion, compound.Current.Type);
        if (status == nfsstat4.NFS4_OK && !Ranges.TryFrom(args.offset, args.length, out _))
            status = nfsstat4.NFS4ERR_INVAL;
        if (status == nfsstat4.NFS4_OK)
            status = Take(compound, args, stateId, ref reply);
        return Seqids.End(compound, status, body, ref reply);
    }

    private static nfsstat4 Take(Compound compound, in LOCK4args args, in StateId stateId, ref XdrWriter reply)
    {
        Span<byte> handle = stackalloc byte[FileService.MaxHandle];
        Ranges.TryFrom(args.offset, args.length, out var range);
        var request = new Nfs4LockRequest
        {
            Client = compound.Client,
            Server = compound.Rpc.LocalAddress,
            File = compound.File.Key,
            StateId = compound.Resolve(stateId),
            NewOwner = args.locker.new_lock_owner,
            Range = range,
            Kind = Ranges.KindOf(args.locktype),
            Block = args.locktype is nfs_lock_type4.READW_LT or nfs_lock_type4.WRITEW_LT,
            Reclaim = args.reclaim,
            LocalLocks = compound.File.Export.Options.LocalLocks,
            Handle = handle[..compound.Files.MakeHandle(compound.File, handle)],
            Holder = compound.Holder,
        };
        if (request.NewOwner)
        {
            request.Owner = args.locker.open_owner.lock_owner.owner;
            request.OwnerClientId = args.locker.open_owner.lock_owner.clientid;
            request.LockSeqid = args.locker.open_owner.lock_seqid;
        }
        var status = Decide(compound, request, out var ticket, out bool local);
        if (status == nfsstat4.NFS4ERR_DENIED)
            return local ? Ranges.Denied(compound, request.Range, request.Kind, 0, default, ref reply) : Ranges.Denied(compound, compound.Holder, ref reply);
        if (status != nfsstat4.NFS4_OK)
            return status;
        reply.Put(ticket.StateId);
        compound.CurrentStateId = ticket.StateId;
        return status;
    }

    /// <summary>Asks until it is decided: writes the records that it needs and takes the kernel's lock.</summary>
    /// <param name="local">With DENIED: a local program is in the way, and not the holder.</param>
    private static nfsstat4 Decide(Compound compound, in Nfs4LockRequest request, out Nfs4LockTicket ticket, out bool local)
    {
        local = false;
        ticket = default;
        for (int written = 0; written <= RecordWriter.MostForOne; written++)
        {
            Nfs4Status status;
            using (var gate = compound.Enter())
                status = compound.Nfs4.Locks.Lock(gate, request, out ticket);
            if (status == Nfs4Status.NeedsRecord)
            {
                if (compound.Service.Records.Write(compound.Rpc, ticket.Need, 0, compound.Effects))
                    continue;
                compound.RunEffects();
                return compound.Shortage;
            }
            var answer = status == Nfs4Status.Tentative ? TakeLocally(compound, request, ref ticket, out local) : status.ToNfs();
            bool inKernel = status == Nfs4Status.Tentative && answer == nfsstat4.NFS4_OK;
            compound.Service.Effects.Run(compound.Effects, inKernel ? request.File : default);
            if (ticket.Unrecorded && answer == nfsstat4.NFS4_OK)
                compound.Service.Effects.Warn($"reclaim of {request.Range} granted to {compound.Rpc.PeerAddress} on {request.File.FileSystem}: no record of its locks came along");
            return answer;
        }
        compound.RunEffects();
        return nfsstat4.NFS4ERR_DELAY;
    }

    /// <summary>The state reserved the lock: it is granted when local programs leave it too.</summary>
    private static nfsstat4 TakeLocally(Compound compound, in Nfs4LockRequest request, ref Nfs4LockTicket ticket, out bool local)
    {
        var answer = compound.Service.LocalLocks.Take(request.File, request.Range, request.Kind, compound.Effects);
        local = answer != LocalAnswer.Taken;
        Nfs4Status status;
        using (var gate = compound.Enter())
            status = compound.Nfs4.Locks.Decide(gate, ref ticket, answer == LocalAnswer.Taken);
        if (answer == LocalAnswer.Taken && status != Nfs4Status.Ok)
            // Released by an administrator meanwhile.
            compound.Service.LocalLocks.Realign(request.File, request.Range, compound.Effects);
        return answer switch
        {
            LocalAnswer.Stale => nfsstat4.NFS4ERR_STALE,
            LocalAnswer.Failed => compound.Shortage,
            _ => status.ToNfs(),
        };
    }
}
