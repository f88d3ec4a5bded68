using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>An operation of an optional feature that is not here: named attributes, directory delegations, layouts and others.</summary>
internal static class NotSupported
{
    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply) => nfsstat4.NFS4ERR_NOTSUPP;
}
