using NfsdCtl.Vfs;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Attributes;

/// <summary>Reads values of attributes that are to be set.</summary>
internal static class AttributeSetters
{
    private const uint ModeBits = 0xFFF;
    private const uint PermissionBits = 0x1FF;
    private const uint NanosecondsPerSecond = 1_000_000_000;

    public static nfsstat4 Size(AttributeReading reading, scoped ref XdrReader value, scoped ref AttributeChange change)
    {
        change.Basic.Size = value.U64();
        return nfsstat4.NFS4_OK;
    }

    /// <summary>RFC 8881 §6.2.4: other bits than those of the mode are INVAL.</summary>
    public static nfsstat4 Mode(AttributeReading reading, scoped ref XdrReader value, scoped ref AttributeChange change)
    {
        uint mode = value.U32();
        change.Basic.Mode = mode;
        return mode <= ModeBits ? nfsstat4.NFS4_OK : nfsstat4.NFS4ERR_INVAL;
    }

    /// <summary>mode_masked4 (RFC 8881 §6.2.5): the bits of the mask are set as in the value, the others stay. Not together with mode.</summary>
    public static nfsstat4 ModeMasked(AttributeReading reading, scoped ref XdrReader value, scoped ref AttributeChange change)
    {
        uint mode = value.U32();
        uint mask = value.U32();
        bool twice = change.Basic.Mode is not null;
        change.Basic.Mode = mode & mask;
        change.ModeMask = mask;
        return twice || mode > ModeBits || mask > ModeBits ? nfsstat4.NFS4ERR_INVAL : nfsstat4.NFS4_OK;
    }

    /// <summary>mode_umask4 (RFC 8275 §3.2): only with creation, and not together with mode.</summary>
    public static nfsstat4 ModeUmask(AttributeReading reading, scoped ref XdrReader value, scoped ref AttributeChange change)
    {
        uint mode = value.U32();
        uint umask = value.U32();
        bool twice = change.Basic.Mode is not null;
        change.Basic.Mode = mode;
        change.Basic.Umask = umask & PermissionBits;
        return twice || mode > ModeBits ? nfsstat4.NFS4ERR_INVAL : nfsstat4.NFS4_OK;
    }

    public static nfsstat4 Owner(AttributeReading reading, scoped ref XdrReader value, scoped ref AttributeChange change)
    {
        var status = Owner(reading, isGroup: false, ref value, out uint id);
        change.Basic.Uid = id;
        return status;
    }

    public static nfsstat4 OwnerGroup(AttributeReading reading, scoped ref XdrReader value, scoped ref AttributeChange change)
    {
        var status = Owner(reading, isGroup: true, ref value, out uint id);
        change.Basic.Gid = id;
        return status;
    }

    public static nfsstat4 AccessTime(AttributeReading reading, scoped ref XdrReader value, scoped ref AttributeChange change) =>
        Time(ref value, out change.Basic.SetAtime, out change.Basic.Atime);

    public static nfsstat4 ModifyTime(AttributeReading reading, scoped ref XdrReader value, scoped ref AttributeChange change) =>
        Time(ref value, out change.Basic.SetMtime, out change.Basic.Mtime);

    /// <summary>What it says is looked at when the owner names are asked for: when it is set.</summary>
    public static nfsstat4 Acl(AttributeReading reading, scoped ref XdrReader value, scoped ref AttributeChange change)
    {
        if (change.HasAcl)
            return nfsstat4.NFS4ERR_INVAL;
        change.HasAcl = true;
        return Nfs4.Acl.AclCodec.Skip(ref value, out change.Acl);
    }

    /// <summary>nfsacl41 (RFC 8881 §6.4.2): its flags ask for automatic inheritance, which is not there.</summary>
    public static nfsstat4 Dacl(AttributeReading reading, scoped ref XdrReader value, scoped ref AttributeChange change)
    {
        uint flags = value.U32();
        var status = Acl(reading, ref value, ref change);
        return flags != 0 ? nfsstat4.NFS4ERR_ATTRNOTSUPP : status;
    }

    /// <summary>An empty string is nobody's name at all, which is INVAL and not BADOWNER.</summary>
    private static nfsstat4 Owner(AttributeReading reading, bool isGroup, scoped ref XdrReader value, out uint id)
    {
        var length = value;
        bool empty = length.U32() == 0;
        bool known = reading.Owners.TryRead(reading.Call, ref value, isGroup, out id);
        return known ? nfsstat4.NFS4_OK : empty ? nfsstat4.NFS4ERR_INVAL : nfsstat4.NFS4ERR_BADOWNER;
    }

    /// <summary>settime4. A number of nanoseconds beyond a second is INVAL (RFC 8881 §3.3.1).</summary>
    private static nfsstat4 Time(scoped ref XdrReader value, out SetTime how, out VfsTime time)
    {
        uint set = value.U32();
        how = SetTime.ToServerTime;
        time = default;
        if (set == (uint)time_how4.SET_TO_SERVER_TIME4)
            return nfsstat4.NFS4_OK;
        if (set != (uint)time_how4.SET_TO_CLIENT_TIME4)
        {
            value.Fail();
            return nfsstat4.NFS4_OK;
        }
        how = SetTime.ToClientTime;
        time = new VfsTime(value.I64(), value.U32());
        return time.Nanoseconds < NanosecondsPerSecond ? nfsstat4.NFS4_OK : nfsstat4.NFS4ERR_INVAL;
    }
}
