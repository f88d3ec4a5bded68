using NfsdCtl.State.Nfs4;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.11: could this lock be had, and if not, who has what is in the way? Local programs' locks count.</summary>
internal static class LockT
{
    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!LOCKT4args.Read(ref arguments, out var args))
            return nfsstat4.NFS4ERR_BADXDR;
        var status = Names.RequireRegular(compound.MinorVersion, compound.Current.Type);
        if (status != nfsstat4.NFS4_OK)
            return status;
        if (!Ranges.TryFrom(args.offset, args.length, out var range))
            return nfsstat4.NFS4ERR_INVAL;
        var request = new Nfs4LockRequest
        {
            Client = compound.Client,
            Server = compound.Rpc.LocalAddress,
            File = compound.File.Key,
            Owner = args.owner.owner,
            OwnerClientId = args.owner.clientid,
            Range = range,
            Kind = Ranges.KindOf(args.locktype),
            Holder = compound.Holder,
        };
        status = Test(compound, ref request);
        if (status == nfsstat4.NFS4ERR_DENIED)
            return Ranges.Denied(compound, compound.Holder, ref reply);
        if (status == nfsstat4.NFS4_OK && compound.File.Export.Options.LocalLocks
            && compound.Service.LocalLocks.Test(request.File, range, request.Kind) is { } local)
            return Ranges.Denied(compound, local.Range, local.Kind, 0, default, ref reply);
        return status;
    }

    private static nfsstat4 Test(Compound compound, ref Nfs4LockRequest request)
    {
        var status = Nfs4Status.Ok;
        using (var gate = compound.Enter())
        {
            if (request.Client is null)
                status = compound.Nfs4.Clients.Find(gate, request.Server, request.OwnerClientId, out request.Client);
            if (status == Nfs4Status.Ok)
                status = compound.Nfs4.Locks.Test(gate, request);
        }
        compound.RunEffects();
        return status.ToNfs();
    }
}
