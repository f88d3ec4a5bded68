using NfsdCtl.Vfs;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Attributes;

internal sealed partial class AttributeCodec
{
    public nfsstat4 Decode(Compound call, scoped ref XdrReader arguments, out AttributeChange change)
    {
        change = default;
        change.Named = AttributeSet.Read(ref arguments);
        var list = new XdrReader(arguments.Opaque(int.MaxValue));
        if (arguments.Failed)
            return nfsstat4.NFS4ERR_BADXDR;
        if (change.Named.HasUnknown || !change.Named.Without(AttributeTable.Of(call.MinorVersion)).IsEmpty)
            return nfsstat4.NFS4ERR_ATTRNOTSUPP;
        if (!change.Named.Without(AttributeTable.Writable).IsEmpty)
            return nfsstat4.NFS4ERR_INVAL;
        var reading = new AttributeReading(call, owners);
        var read = default(AttributeChange);
        read.Named = change.Named;
        var status = ReadValues(reading, read.Named.Low, 0, ref list, ref read);
        if (status == nfsstat4.NFS4_OK)
            status = ReadValues(reading, read.Named.High, 64, ref list, ref read);
        change = read;
        // Values that are too short or too long for the bitmap.
        return list.Failed || (status == nfsstat4.NFS4_OK && list.Remaining > 0) ? nfsstat4.NFS4ERR_BADXDR : status;
    }

    public nfsstat4 Apply(Compound call, in FileRef file, in AttributeChange change, out AttributeSet set)
    {
        set = AttributeSet.Empty;
        // mode_umask is for creation alone (RFC 8275 §3.2).
        if (change.Basic.Umask is not null)
            return nfsstat4.NFS4ERR_INVAL;
        var wanted = change.Basic;
        if (change.ModeMask is { } mask)
        {
            var status = call.Files.GetAttr(file, out var now).ToNfs();
            if (status != nfsstat4.NFS4_OK)
                return status;
            wanted.Mode = (now.Mode & ~mask) | (wanted.Mode & mask);
        }
        if (!wanted.IsEmpty)
        {
            var status = call.Files.SetAttr(file, wanted, out _).ToNfs();
            if (status != nfsstat4.NFS4_OK)
                return status;
        }
        // Behind the mode: of the two the ACL decides about permissions (RFC 8881 §6.4.1.3).
        if (change.HasAcl)
        {
            set = change.Named.Without(OfAcl);
            var status = SetAcl(call, file, change.Acl);
            if (status != nfsstat4.NFS4_OK)
                return status;
        }
        set = change.Named;
        return nfsstat4.NFS4_OK;
    }

    public nfsstat4 Complete(Compound call, in FileRef directory, in FileRef made, in AttributeChange change, out AttributeSet set)
    {
        set = change.Named;
        var status = change.HasAcl ? SetAcl(call, made, change.Acl) : InheritAcl(call, directory, made, change.Basic.Mode);
        if (status != nfsstat4.NFS4_OK)
            set = change.Named.Without(OfAcl);
        return status;
    }

    private static nfsstat4 ReadValues(AttributeReading reading, ulong set, int from, scoped ref XdrReader list, scoped ref AttributeChange change)
    {
        var result = nfsstat4.NFS4_OK;
        for (; set != 0 && !list.Failed; set &= set - 1)
        {
            var status = AttributeTable.ByNumber[from + System.Numerics.BitOperations.TrailingZeroCount(set)]!.Set!(reading, ref list, ref change);
            // The first that is wrong is told, unless the rest cannot be decoded.
            if (result == nfsstat4.NFS4_OK)
                result = status;
        }
        return result;
    }
}
