using NfsdCtl.State.Locks;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4;

/// <summary>Byte ranges of locks, and the answer that somebody has one.</summary>
internal static class Ranges
{
    /// <summary>LOCK4denied without its owner's name.</summary>
    private const int DeniedHead = 2 * sizeof(ulong) + sizeof(uint) + sizeof(ulong) + sizeof(uint);

    /// <summary>A length of all ones reaches to the end of the file; 0 is nothing (RFC 8881 §18.10.3).</summary>
    public static bool TryFrom(ulong offset, ulong length, out LockRange range)
    {
        range = default;
        return length != 0 && LockRange.TryFrom(offset, length == ulong.MaxValue ? 0 : length, out range);
    }

    /// <summary>LOCK4denied. An owner that is none of NFSv4 has client id 0.</summary>
    public static nfsstat4 Denied(Compound compound, LockRange range, LockKind kind, ulong clientId, ReadOnlySpan<byte> owner, ref XdrWriter reply)
    {
        var room = compound.Reserve(ref reply, DeniedHead + owner.Length + 3);
        if (room != nfsstat4.NFS4_OK)
            return room;
        reply.U64(range.Start);
        reply.U64(range.End == LockRange.ToEof ? ulong.MaxValue : range.Length);
        reply.U32((uint)(kind == LockKind.Write ? nfs_lock_type4.WRITE_LT : nfs_lock_type4.READ_LT));
        reply.U64(clientId);
        reply.Opaque(owner);
        return nfsstat4.NFS4ERR_DENIED;
    }

    public static nfsstat4 Denied(Compound compound, LockHolder holder, ref XdrWriter reply) =>
        Denied(compound, holder.Range, holder.Kind, holder.ClientId, holder.OwnerHandle, ref reply);

    public static LockKind KindOf(nfs_lock_type4 type) =>
        type is nfs_lock_type4.WRITE_LT or nfs_lock_type4.WRITEW_LT ? LockKind.Write : LockKind.Read;
}
