using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.29: with which security a name can be reached.</summary>
internal static class SecInfo
{
    /// <summary>A count and two flavours.</summary>
    public const int Room = 3 * sizeof(uint);

    private const uint AuthNone = 0;
    private const uint AuthSys = 1;

    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!SECINFO4args.Read(ref arguments, out var args))
            return nfsstat4.NFS4ERR_BADXDR;
        var status = Lookup.Find(compound, args.name, out var file);
        file.Dispose();
        return status == nfsstat4.NFS4_OK ? Tell(compound, ref reply) : status;
    }

    /// <summary>Every export takes AUTH_SYS, and AUTH_NONE as its anonymous user. In later minor versions the current filehandle is consumed.</summary>
    public static nfsstat4 Tell(Compound compound, ref XdrWriter reply)
    {
        reply.U32(2);
        reply.U32(AuthSys);
        reply.U32(AuthNone);
        if (compound.MinorVersion > 0)
            compound.SetCurrent(default(CompoundFile));
        return nfsstat4.NFS4_OK;
    }
}
