using NfsdCtl.Vfs;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.1, RFC 8276 §8.5: which rights can be told, and which of those the caller has.</summary>
internal static class Access
{
    private const uint Extended = Nfs4Constants.ACCESS4_XAREAD | Nfs4Constants.ACCESS4_XAWRITE | Nfs4Constants.ACCESS4_XALIST;

    /// <summary>What joins exports can be read and searched by anyone who sees it.</summary>
    private const AccessMask OfPseudo = AccessMask.Read | AccessMask.Lookup;

    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!ACCESS4args.Read(ref arguments, out var args))
            return nfsstat4.NFS4ERR_BADXDR;
        uint supported = (uint)AccessMask.All | (compound.MinorVersion >= 2 ? Extended : 0);
        if (compound.MinorVersion > 0 && (args.access & ~supported) != 0 && compound.MinorVersion < 2)
            return nfsstat4.NFS4ERR_INVAL;
        supported &= args.access & Meaningful(compound.Current.Type);
        uint granted = supported & (uint)OfPseudo;
        if (compound.Current.Pseudo is null)
        {
            var status = Ask(compound, supported, out granted);
            if (status != nfsstat4.NFS4_OK)
                return status;
        }
        reply.U32(supported);
        reply.U32(granted);
        return nfsstat4.NFS4_OK;
    }

    /// <summary>LOOKUP and DELETE are rights on directories, EXECUTE is one on files (RFC 8881 §18.1.3).</summary>
    private static uint Meaningful(FileType type) => type switch
    {
        FileType.Directory => ~(uint)AccessMask.Execute,
        FileType.Regular => ~(uint)(AccessMask.Lookup | AccessMask.Delete),
        _ => ~(uint)(AccessMask.Lookup | AccessMask.Delete | AccessMask.Execute),
    };

    /// <summary>Extended attributes are read and written under the rights to data (RFC 8276 §8.5, user namespace of xattr(7)).</summary>
    private static nfsstat4 Ask(Compound compound, uint wanted, out uint granted)
    {
        var mask = (AccessMask)wanted & AccessMask.All;
        if ((wanted & (Nfs4Constants.ACCESS4_XAREAD | Nfs4Constants.ACCESS4_XALIST)) != 0)
            mask |= AccessMask.Read;
        if ((wanted & Nfs4Constants.ACCESS4_XAWRITE) != 0)
            mask |= AccessMask.Modify;
        var status = compound.Files.Access(compound.File, mask, out var rights, out _).ToNfs();
        granted = (uint)rights & wanted;
        if ((rights & AccessMask.Read) != 0)
            granted |= wanted & (Nfs4Constants.ACCESS4_XAREAD | Nfs4Constants.ACCESS4_XALIST);
        if ((rights & AccessMask.Modify) != 0)
            granted |= wanted & Nfs4Constants.ACCESS4_XAWRITE;
        return status;
    }
}
