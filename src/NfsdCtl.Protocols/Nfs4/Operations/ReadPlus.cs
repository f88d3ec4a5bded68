using NfsdCtl.State.Shares;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 7862 §15.10: reads, and tells of holes instead of sending zeros.</summary>
internal static class ReadPlus
{
    /// <summary>eof and the number of segments.</summary>
    private const int HeadSize = 2 * sizeof(uint);

    /// <summary>Kind, offset, and the length of data (four bytes) or of a hole (eight).</summary>
    private const int SegmentHead = 20;

    /// <summary>Beyond it a client that reads a badly scattered file asks again.</summary>
    private const int MaxSegments = 64;

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
        if (status == nfsstat4.NFS4_OK)
            status = compound.Reserve(ref reply, HeadSize);
        return status == nfsstat4.NFS4_OK ? Fill(compound, offset, Math.Min(wanted, (uint)compound.Files.MaxTransfer), ref reply) : status;
    }

    private static nfsstat4 Fill(Compound compound, ulong offset, uint wanted, ref XdrWriter reply)
    {
        int head = reply.Position;
        reply.U32(0);
        reply.U32(0);
        uint segments = 0;
        bool end = false;
        ulong stop = offset + wanted < offset ? ulong.MaxValue : offset + wanted;
        while (segments < MaxSegments)
        {
            var status = compound.Files.Extent(compound.File, offset, stop - offset, out bool isHole, out ulong length, out ulong size).ToNfs();
            if (status != nfsstat4.NFS4_OK)
                return status;
            end = offset >= size;
            if (length == 0)
                break;
            // Room for data must not be taken from the head of the segment.
            int room = compound.Left(reply) - SegmentHead - 3;
            if (room <= 0)
                break;
            int count = isHole ? 0 : (int)Math.Min(length, (ulong)room);
            bool readEnd = false;
            int segment = reply.Position;
            status = isHole ? WriteHole(compound, offset, length, ref reply) : WriteData(compound, offset, ref count, ref reply, out readEnd);
            if (status != nfsstat4.NFS4_OK)
                return status;
            offset += isHole ? length : (ulong)count;
            end = readEnd || offset >= size;
            // The file was cut since its extent was asked for.
            if (!isHole && count == 0)
            {
                reply.Position = segment;
                break;
            }
            segments++;
            if (!isHole && (ulong)count < length)
                break;
        }
        reply.Patch(head, end ? 1u : 0);
        reply.Patch(head + sizeof(uint), segments);
        return nfsstat4.NFS4_OK;
    }

    private static nfsstat4 WriteHole(Compound compound, ulong offset, ulong length, ref XdrWriter reply)
    {
        var status = compound.Reserve(ref reply, SegmentHead);
        if (status != nfsstat4.NFS4_OK)
            return status;
        reply.U32((uint)data_content4.NFS4_CONTENT_HOLE);
        reply.U64(offset);
        reply.U64(length);
        return nfsstat4.NFS4_OK;
    }

    private static nfsstat4 WriteData(Compound compound, ulong offset, ref int count, ref XdrWriter reply, out bool end)
    {
        end = false;
        var status = compound.Reserve(ref reply, SegmentHead + count + 3);
        if (status != nfsstat4.NFS4_OK)
            return status;
        reply.U32((uint)data_content4.NFS4_CONTENT_DATA);
        reply.U64(offset);
        int start = reply.Position;
        reply.U32(0);
        status = compound.Files.Read(compound.File, offset, reply.Take(count), out count, out end, out _).ToNfs();
        reply.Position = start;
        if (status != nfsstat4.NFS4_OK)
            return status;
        reply.U32((uint)count);
        reply.Take(count);
        return nfsstat4.NFS4_OK;
    }
}
