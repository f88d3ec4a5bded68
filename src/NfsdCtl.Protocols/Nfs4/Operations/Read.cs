using NfsdCtl.State.Shares;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.22: reads. At the end of a compound long data go from the page cache to the socket.</summary>
internal static class Read
{
    /// <summary>Below it a copy is cheaper than a pipe, in bytes.</summary>
    private const int SpliceThreshold = 16 << 10;

    // eof, length of the data
    private const int HeadSize = 2 * sizeof(uint);

    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        var stateId = StateIds.Read(ref arguments);
        ulong offset = arguments.U64();
        uint wanted = arguments.U32();
        if (arguments.Failed)
            return nfsstat4.NFS4ERR_BADXDR;
        var status = Names.RequireRegular(compound.MinorVersion, compound.Current.Type);
        if (status == nfsstat4.NFS4_OK)
            status = StateIds.CheckIo(compound, stateId, ShareAccess.Read);
        if (status != nfsstat4.NFS4_OK)
            return status;
        int most = Math.Max(0, compound.Left(reply) - HeadSize - 3);
        int count = (int)Math.Min(wanted, (uint)Math.Min(compound.Files.MaxTransfer, most));
        if (compound.IsLast && !compound.Slot.Keeps && count >= SpliceThreshold && TrySplice(compound, offset, count, ref reply, out status))
            return nfsstat4.NFS4_OK;
        if (status != nfsstat4.NFS4_OK)
            return status;
        status = Copy(compound, offset, count, ref reply, out bool end);
        // The session's bound, and not the file or the server's own, cuts the answer short.
        bool cut = status == nfsstat4.NFS4_OK && !end && count == most && count < Math.Min(wanted, compound.Files.MaxTransfer);
        return cut ? compound.TooBig : status;
    }

    /// <summary>Answers without the data passing through this process; false when it must be copied, or when it failed.</summary>
    private static bool TrySplice(Compound compound, ulong offset, int count, ref XdrWriter reply, out nfsstat4 status)
    {
        status = compound.Files.OpenForRead(compound.File, offset, count, out var lease, out var attributes).ToNfs();
        using (lease)
        {
            if (status != nfsstat4.NFS4_OK || compound.Reserve(ref reply, HeadSize) != nfsstat4.NFS4_OK)
                return false;
            int moved = compound.Rpc.BeginSplice(lease.Descriptor, offset, count);
            // What cannot be spliced is copied, and an error shows itself again there.
            if (moved < 0)
                return false;
            Head(ref reply, offset + (ulong)moved >= attributes.Size || moved == 0, moved);
            compound.HasSplice = true;
            return true;
        }
    }

    /// <summary>The data goes straight to its place in the reply, behind a head that is known only after it.</summary>
    private static nfsstat4 Copy(Compound compound, ulong offset, int count, ref XdrWriter reply, out bool end)
    {
        end = false;
        var status = compound.Reserve(ref reply, HeadSize + count);
        if (status != nfsstat4.NFS4_OK)
            return status;
        compound.Rpc.EnsureRoom(ref reply, HeadSize + count + 3);
        int start = reply.Position;
        reply.Take(HeadSize);
        status = compound.Files.Read(compound.File, offset, reply.Take(count), out int read, out end, out _).ToNfs();
        reply.Position = start;
        if (status != nfsstat4.NFS4_OK)
            return status;
        Head(ref reply, end, read);
        reply.Take(read);
        return nfsstat4.NFS4_OK;
    }

    private static void Head(ref XdrWriter reply, bool end, int count)
    {
        reply.Bool(end);
        reply.U32((uint)count);
    }
}
