using System.Buffers;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8276 §8.4.3: the names of the extended attributes. A cookie is the number of names that were told before.</summary>
internal static class ListXattrs
{
    /// <summary>Cookie, number of names, eof.</summary>
    private const int Frame = 16;

    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        ulong cookie = arguments.U64();
        uint maxcount = arguments.U32();
        if (arguments.Failed)
            return nfsstat4.NFS4ERR_BADXDR;
        byte[] names = ArrayPool<byte>.Shared.Rent(FileService.MaxXattrList);
        try
        {
            var status = compound.Files.ListXattrs(compound.File, names, out int length).ToNfs();
            if (status == nfsstat4.NFS4_OK)
                status = compound.Reserve(ref reply, Frame);
            return status == nfsstat4.NFS4_OK ? Write(compound, names.AsSpan(0, length), cookie, maxcount, ref reply) : status;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(names);
        }
    }

    private static nfsstat4 Write(Compound compound, ReadOnlySpan<byte> names, ulong cookie, uint maxcount, ref XdrWriter reply)
    {
        int start = reply.Position;
        int limit = (int)Math.Min(maxcount, (uint)compound.Left(reply));
        ulong total = (ulong)names.Count((byte)0);
        if (cookie > total)
            return nfsstat4.NFS4ERR_BAD_COOKIE;
        reply.U64(0);
        int count = reply.Skip();
        uint told = 0;
        for (ulong index = 0; index < total; index++)
        {
            var name = names[..names.IndexOf((byte)0)];
            names = names[(name.Length + 1)..];
            if (index < cookie)
                continue;
            if (reply.Position - start + sizeof(uint) + name.Length + 3 + sizeof(uint) > limit)
                break;
            compound.Rpc.EnsureRoom(ref reply, sizeof(uint) + name.Length + 3 + sizeof(uint));
            reply.Opaque(name);
            told++;
        }
        if (told == 0 && cookie < total)
            return nfsstat4.NFS4ERR_TOOSMALL;
        reply.Patch(start, (uint)((cookie + told) >> 32));
        reply.Patch(start + sizeof(uint), (uint)(cookie + told));
        reply.Patch(count, told);
        reply.Bool(cookie + told == total);
        return nfsstat4.NFS4_OK;
    }
}
