using NfsdCtl.State.Nfs4;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>
/// RFC 7862 §15.2: copies from the saved file to the current one. A long copy goes on after the answer where the client lets it; others are made while the
/// client waits, a bounded part at a time, and it asks for the rest.
/// </summary>
internal static class Copy
{
    /// <summary>Callback, count, committed, verifier, consecutive, synchronous.</summary>
    public const int Room = 48;

    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        var source = StateIds.Read(ref arguments);
        var target = StateIds.Read(ref arguments);
        ulong from = arguments.U64();
        ulong to = arguments.U64();
        ulong count = arguments.U64();
        bool consecutive = arguments.Bool();
        bool synchronous = arguments.Bool();
        uint servers = arguments.U32();
        if (arguments.Failed)
            return nfsstat4.NFS4ERR_BADXDR;
        // From another server: an optional feature of its own (RFC 7862 §4.2).
        if (servers > 0)
            return nfsstat4.NFS4ERR_NOTSUPP;
        var status = TwoFiles.Check(compound, source, target);
        if (status != nfsstat4.NFS4_OK)
            return status;
        ulong verifier = compound.Files.WriteVerifier(compound.File);
        Offload? offload = null;
        ulong copied = 0;
        if (!synchronous)
            status = TryBegin(compound, source, target, (from, to, count), verifier, out offload);
        if (status == nfsstat4.NFS4_OK && offload is null)
            status = compound.Files.CopyRange(compound.Saved.File, from, compound.File, to, count, out copied).ToNfs();
        reply.U32(offload is null ? 0u : 1);
        if (offload is not null)
            reply.Put(offload.StateId);
        reply.U64(copied);
        reply.U32((uint)stable_how4.UNSTABLE4);
        reply.U64(verifier);
        reply.Bool(consecutive);
        reply.Bool(offload is null);
        return status;
    }

    /// <summary>Has the copy made on a thread of its own. With Ok and null it is to be made now.</summary>
    private static nfsstat4 TryBegin(
        Compound compound, in StateId sourceId, in StateId targetId, (ulong From, ulong To, ulong Count) range, ulong verifier, out Offload? offload)
    {
        offload = null;
        var (from, to, count) = range;
        ref var source = ref compound.Saved.File;
        ref var target = ref compound.File;
        var status = compound.Files.MeasureCopy(source, from, target, to, count, out ulong whole).ToNfs();
        if (status != nfsstat4.NFS4_OK || whole <= compound.Service.Options.CopyAtOnce)
            return status;
        Span<byte> handle = stackalloc byte[FileService.MaxHandle];
        var request = new OffloadRequest
        {
            Client = compound.Client!,
            Call = compound.Slot.Call,
            Source = source.Key,
            SourceTag = source.Export.Tag,
            Target = target.Key,
            TargetTag = target.Export.Tag,
            Handle = handle[..compound.Files.MakeHandle(target, handle)],
            WriteVerifier = verifier,
        };
        using (var gate = compound.Enter())
            offload = compound.Nfs4.Offloads.Begin(gate, request);
        compound.RunEffects();
        if (offload is null)
            return nfsstat4.NFS4_OK;
        // A release since the stateids were looked at has found no copy to stop.
        status = TwoFiles.Check(compound, sourceId, targetId);
        if (status == nfsstat4.NFS4_OK)
        {
            compound.Service.Copies.Add(new CopyJob(offload, source, target) { SourceOffset = from, TargetOffset = to, Length = whole });
            return nfsstat4.NFS4_OK;
        }
        using (var gate = compound.Enter())
            compound.Nfs4.Offloads.Abandon(gate, offload);
        compound.RunEffects();
        offload = null;
        return status;
    }
}
