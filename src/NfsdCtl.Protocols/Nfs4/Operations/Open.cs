using NfsdCtl.Protocols.Effects;
using NfsdCtl.State.Nfs4;
using NfsdCtl.State.Shares;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Xdr;
using static NfsdCtl.Protocols.Nfs4.Nfs4Constants;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.16, RFC 7530 §16.16: finds or makes a file, opens it, and makes it current. No delegation is given.</summary>
internal static class Open
{
    /// <summary>stateid, change_info4, rflags, a bitmap of three words, and that there is no delegation, and why.</summary>
    public const int Room = StateId.Size + 20 + 4 + 16 + 12;

    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!OpenArguments.TryRead(compound.MinorVersion, ref arguments, out var args))
            return nfsstat4.NFS4ERR_BADXDR;
        if (compound.MinorVersion > 0)
            return Run(compound, compound.Client!, args, ref reply);
        var status = FindClient(compound, args.ClientId, out var client);
        if (status != nfsstat4.NFS4_OK)
            return status;
        int body = reply.Position;
        if (!Seqids.BeginOpen(compound, client!, args.Owner, args.Seqid, ref reply, out status, out bool replayed))
            return replayed && status == nfsstat4.NFS4_OK ? FindAgain(compound, args) : status;
        return Seqids.End(compound, Run(compound, client!, args, ref reply), body, ref reply);
    }

    private static nfsstat4 FindClient(Compound compound, ulong clientId, out Nfs4Client? client)
    {
        nfsstat4 status;
        using (var gate = compound.Enter())
            status = compound.Nfs4.Clients.Find(gate, compound.Rpc.LocalAddress, clientId, out client).ToNfs();
        compound.RunEffects();
        return status;
    }

    /// <summary>The answer of an earlier call is sent again, and the operations behind it are about the file it opened.</summary>
    private static nfsstat4 FindAgain(Compound compound, scoped in OpenArguments args)
    {
        // The first reply may still wait for the disk.
        compound.IsUnstable = !compound.Files.AwaitStable(compound.Rpc);
        if (args.IsByHandle)
            return nfsstat4.NFS4_OK;
        var status = Lookup.Find(compound, args.Name, out var file);
        if (status == nfsstat4.NFS4_OK)
            compound.SetCurrent(file);
        return status;
    }

    private static nfsstat4 Run(Compound compound, Nfs4Client client, scoped in OpenArguments args, ref XdrWriter reply)
    {
        if (!OpenArguments.TryShare(compound.MinorVersion, args.ShareAccess, args.ShareDeny, out var access, out var deny))
            return nfsstat4.NFS4ERR_INVAL;
        var status = CheckClaim(args);
        if (status == nfsstat4.NFS4_OK)
            status = Admit(compound, client, args.IsReclaim);
        if (status != nfsstat4.NFS4_OK)
            return status;
        status = OpenTarget.Get(compound, args, access, out var target);
        if (status != nfsstat4.NFS4_OK)
            return status;
        using (target.File)
        {
            var request = new OpenRequest
            {
                Client = client,
                Owner = args.Owner,
                File = target.File.Key,
                ExportTag = target.File.Export.Tag,
                Access = access,
                Deny = deny,
                Reclaim = args.IsReclaim,
            };
            status = Share(compound, request, out var ticket);
            if (status == nfsstat4.NFS4_OK && !compound.Service.OpenFiles.Hold(target.File))
                status = Undo(compound, client, ticket, compound.Shortage, makeRoom: true);
            if (status == nfsstat4.NFS4_OK && target.Size is { } size)
                status = Cut(compound, client, size, ticket, ref target);
            if (status != nfsstat4.NFS4_OK)
                return status;
            Answer(compound, args, target, ticket, ref reply);
            if (!args.IsByHandle)
                compound.SetCurrent(target.File.Share());
            compound.CurrentStateId = ticket.StateId;
            return nfsstat4.NFS4_OK;
        }
    }

    /// <summary>A claim on a delegation cannot be right where none is given; what is named by its handle is not to be made.</summary>
    private static nfsstat4 CheckClaim(scoped in OpenArguments args) => args.Claim switch
    {
        open_claim_type4.CLAIM_DELEGATE_CUR or open_claim_type4.CLAIM_DELEG_CUR_FH => nfsstat4.NFS4ERR_BAD_STATEID,
        open_claim_type4.CLAIM_DELEGATE_PREV or open_claim_type4.CLAIM_DELEG_PREV_FH => nfsstat4.NFS4ERR_NOTSUPP,
        _ => args.IsByHandle && args.Creates ? nfsstat4.NFS4ERR_INVAL : nfsstat4.NFS4_OK,
    };

    /// <summary>Before anything is made: in a grace period nothing is. The tree that joins exports knows no such thing.</summary>
    private static nfsstat4 Admit(Compound compound, Nfs4Client client, bool reclaim)
    {
        if (compound.Current.Pseudo is not null)
            return nfsstat4.NFS4_OK;
        nfsstat4 status;
        using (var gate = compound.Enter())
            status = compound.Nfs4.Opens.Admit(gate, client, compound.File.FileSystem, reclaim).ToNfs();
        compound.RunEffects();
        return status;
    }

    /// <summary>Asks for the share until it is decided, writing the records that it needs.</summary>
    private static nfsstat4 Share(Compound compound, in OpenRequest request, out OpenTicket ticket)
    {
        ticket = default;
        for (int written = 0; written <= RecordWriter.MostForOne; written++)
        {
            Nfs4Status status;
            using (var gate = compound.Enter())
                status = compound.Nfs4.Opens.Open(gate, request, out ticket);
            if (status == Nfs4Status.NeedsRecord)
            {
                if (compound.Service.Records.Write(compound.Rpc, ticket.Need, 0, compound.Effects))
                    continue;
                compound.RunEffects();
                return compound.Shortage;
            }
            compound.RunEffects();
            if (ticket.Unrecorded && status == Nfs4Status.Ok)
                compound.Service.Effects.Warn($"reclaim of an open granted to {compound.Rpc.PeerAddress} on {request.File.FileSystem}: no record of its state came along");
            return status == Nfs4Status.Resource ? compound.Shortage : status.ToNfs();
        }
        compound.RunEffects();
        return nfsstat4.NFS4ERR_DELAY;
    }

    /// <summary>The size that OPEN sets. A new file has 0 already.</summary>
    private static nfsstat4 Cut(Compound compound, Nfs4Client client, ulong size, in OpenTicket ticket, ref OpenTarget target)
    {
        if (target.Made && size == 0)
            return nfsstat4.NFS4_OK;
        var status = compound.Files.SetAttr(target.File, new SetAttributes { Size = size }, out _);
        if (status == VfsStatus.Ok)
            status = compound.Files.CommitMetadata(target.File);
        if (status == VfsStatus.Ok)
        {
            target.Set = target.Set.With(FATTR4_SIZE);
            return nfsstat4.NFS4_OK;
        }
        return Undo(compound, client, ticket, status.ToNfs(), makeRoom: false);
    }

    /// <param name="makeRoom">A client whose lease has run out keeps its files open only as long as nobody needs the room.</param>
    private static nfsstat4 Undo(Compound compound, Nfs4Client client, in OpenTicket ticket, nfsstat4 because, bool makeRoom)
    {
        using (var gate = compound.Enter())
        {
            compound.Nfs4.Opens.Undo(gate, client, ticket);
            if (makeRoom)
                compound.Nfs4.Clients.MakeRoom(gate);
        }
        compound.RunEffects();
        return because;
    }

    private static void Answer(Compound compound, scoped in OpenArguments args, in OpenTarget target, in OpenTicket ticket, ref XdrWriter reply)
    {
        reply.Put(ticket.StateId);
        reply.ChangeInfo(target.Directory);
        uint flags = OPEN4_RESULT_LOCKTYPE_POSIX;
        if (ticket.MustConfirm)
            flags |= OPEN4_RESULT_CONFIRM;
        if (compound.MinorVersion > 0)
            flags |= OPEN4_RESULT_MAY_NOTIFY_LOCK;
        reply.U32(flags);
        target.Set.Write(ref reply);
        NoDelegation(compound, args.Want, ref reply);
    }

    /// <summary>Later minor versions say why, to a client that said what it wants (RFC 8881 §18.16.3).</summary>
    private static void NoDelegation(Compound compound, uint want, ref XdrWriter reply)
    {
        if (compound.MinorVersion == 0 || want == 0)
        {
            reply.U32((uint)open_delegation_type4.OPEN_DELEGATE_NONE);
            return;
        }
        reply.U32((uint)open_delegation_type4.OPEN_DELEGATE_NONE_EXT);
        var why = want switch
        {
            OPEN4_SHARE_ACCESS_WANT_NO_DELEG => why_no_delegation4.WND4_NOT_WANTED,
            OPEN4_SHARE_ACCESS_WANT_CANCEL => why_no_delegation4.WND4_CANCELLED,
            _ => why_no_delegation4.WND4_RESOURCE,
        };
        reply.U32((uint)why);
        if (why == why_no_delegation4.WND4_RESOURCE)
            reply.Bool(false);
    }
}
