using NfsdCtl.Protocols.Nfs3.Encoding;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs3.Procedures;

/// <summary>RFC 1813 §3.3.6: reads. From <see cref="SpliceThreshold"/> up the bytes go from the page cache to the socket.</summary>
internal static class Read
{
    /// <summary>Below it a copy is cheaper than a pipe, in bytes.</summary>
    private const int SpliceThreshold = 16 << 10;

    // status, post_op_attr, count, eof, length of the data
    private const int HeadSize = sizeof(uint) + AttributeEncoding.PostOpSize + 3 * sizeof(uint);

    public static AcceptStatus Execute(in Nfs3Call call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!READ3args.Read(ref arguments, out var args))
            return AcceptStatus.GarbageArgs;
        int count = (int)Math.Min(args.count, (uint)Math.Min(call.Files.MaxTransfer, MaxData(call.Rpc)));
        var status = call.Resolve(args.file.data, out var file);
        using (file)
        {
            if (status == VfsStatus.Ok && count >= SpliceThreshold && TrySplice(call, file, args.offset, count, ref reply, out status))
                return AcceptStatus.Success;
            if (status == VfsStatus.Ok)
                status = Copy(call, file, args.offset, count, ref reply);
            if (status == VfsStatus.Ok)
                return AcceptStatus.Success;
            reply.Status(status);
            bool known = call.TryGetAttr(file, out var attributes);
            reply.PostOp(known, attributes);
        }
        return AcceptStatus.Success;
    }

    /// <summary>The most data that a reply of this transport carries.</summary>
    public static int MaxData(RpcCall rpc) => (rpc.MaxReply - 512) & ~4095;

    /// <summary>Answers without the data passing through this process; false when it must be copied, or when it failed.</summary>
    private static bool TrySplice(in Nfs3Call call, in FileRef file, ulong offset, int count, ref XdrWriter reply, out VfsStatus status)
    {
        status = call.Files.OpenForRead(file, offset, count, out var lease, out var attributes);
        using (lease)
        {
            if (status != VfsStatus.Ok)
                return false;
            int moved = call.Rpc.BeginSplice(lease.Descriptor, offset, count);
            // What cannot be spliced is copied, and an error shows itself again there.
            if (moved < 0)
                return false;
            bool end = offset + (ulong)moved >= attributes.Size || (moved == 0 && count > 0);
            Head(ref reply, attributes, moved, end);
            call.Rpc.FinishSplice();
            return true;
        }
    }

    /// <summary>The data goes straight to its place in the reply, behind a head that is known only after it.</summary>
    private static VfsStatus Copy(in Nfs3Call call, in FileRef file, ulong offset, int count, ref XdrWriter reply)
    {
        call.Rpc.EnsureRoom(ref reply, HeadSize + count + 3);
        int start = reply.Position;
        reply.Take(HeadSize);
        var status = call.Files.Read(file, offset, reply.Take(count), out int read, out bool end, out var attributes);
        reply.Position = start;
        if (status != VfsStatus.Ok)
            return status;
        Head(ref reply, attributes, read, end);
        reply.Take(read);
        return VfsStatus.Ok;
    }

    private static void Head(ref XdrWriter reply, in Attributes attributes, int count, bool end)
    {
        reply.Status(VfsStatus.Ok);
        reply.PostOp(attributes);
        reply.U32((uint)count);
        reply.Bool(end);
        reply.U32((uint)count);
    }
}
