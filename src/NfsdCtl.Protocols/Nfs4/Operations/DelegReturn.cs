using NfsdCtl.State.Nfs4;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.6. No delegation is ever given, so that no stateid is one's.</summary>
internal static class DelegReturn
{
    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        StateIds.Read(ref arguments);
        return arguments.Failed ? nfsstat4.NFS4ERR_BADXDR : nfsstat4.NFS4ERR_BAD_STATEID;
    }
}
