using System.Buffers.Binary;
using NfsdCtl.Vfs;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs3.Encoding;

/// <summary>
/// fattr3, post_op_attr and wcc_data (RFC 1813 §2.6), written by hand: they are in almost every reply, so that each is one
/// bounds check and a row of stores.
/// </summary>
internal static class AttributeEncoding
{
    /// <summary>The length of a fattr3, in bytes.</summary>
    public const int Fattr3Size = 84;

    /// <summary>The length of a post_op_attr with attributes, in bytes.</summary>
    public const int PostOpSize = sizeof(uint) + Fattr3Size;

    private const int PreOpSize = 28;

    public static void Fattr3(this ref XdrWriter reply, in Attributes attributes)
    {
        var room = reply.Take(Fattr3Size);
        if (!room.IsEmpty)
            Fill(room, attributes);
    }

    public static void PostOp(this ref XdrWriter reply, in Attributes attributes)
    {
        var room = reply.Take(PostOpSize);
        if (room.IsEmpty)
            return;
        BinaryPrimitives.WriteUInt32BigEndian(room, 1);
        Fill(room[sizeof(uint)..], attributes);
    }

    /// <summary>A post_op_attr that says nothing.</summary>
    public static void NoPostOp(this ref XdrWriter reply) => reply.U32(0);

    public static void PostOp(this ref XdrWriter reply, bool known, in Attributes attributes)
    {
        if (known)
            reply.PostOp(attributes);
        else
            reply.NoPostOp();
    }

    public static void Wcc(this ref XdrWriter reply, in WccData wcc)
    {
        if (wcc.HasBefore)
        {
            var room = reply.Take(PreOpSize);
            if (!room.IsEmpty)
            {
                BinaryPrimitives.WriteUInt32BigEndian(room, 1);
                BinaryPrimitives.WriteUInt64BigEndian(room[4..], wcc.SizeBefore);
                Time(room[12..], wcc.MtimeBefore);
                Time(room[20..], wcc.CtimeBefore);
            }
        }
        else
        {
            reply.U32(0);
        }
        reply.PostOp(wcc.HasAfter, wcc.After);
    }

    private static void Fill(Span<byte> room, in Attributes a)
    {
        BinaryPrimitives.WriteUInt32BigEndian(room[80..], a.Ctime.Nanoseconds);
        BinaryPrimitives.WriteUInt32BigEndian(room, (uint)a.Type);
        BinaryPrimitives.WriteUInt32BigEndian(room[4..], a.Mode);
        BinaryPrimitives.WriteUInt32BigEndian(room[8..], a.LinkCount);
        BinaryPrimitives.WriteUInt32BigEndian(room[12..], a.Uid);
        BinaryPrimitives.WriteUInt32BigEndian(room[16..], a.Gid);
        BinaryPrimitives.WriteUInt64BigEndian(room[20..], a.Size);
        BinaryPrimitives.WriteUInt64BigEndian(room[28..], a.Used);
        BinaryPrimitives.WriteUInt32BigEndian(room[36..], a.DeviceMajor);
        BinaryPrimitives.WriteUInt32BigEndian(room[40..], a.DeviceMinor);
        BinaryPrimitives.WriteUInt64BigEndian(room[44..], a.FileSystemId);
        BinaryPrimitives.WriteUInt64BigEndian(room[52..], a.FileId);
        Time(room[60..], a.Atime);
        Time(room[68..], a.Mtime);
        BinaryPrimitives.WriteUInt32BigEndian(room[76..], (uint)a.Ctime.Seconds);
    }

    /// <summary>nfstime3 has 32 unsigned bits for seconds (RFC 1813 §2.6): times before 1970 and after 2106 wrap, as on the kernel's server.</summary>
    private static void Time(Span<byte> room, VfsTime time)
    {
        BinaryPrimitives.WriteUInt32BigEndian(room, (uint)time.Seconds);
        BinaryPrimitives.WriteUInt32BigEndian(room[4..], time.Nanoseconds);
    }
}
