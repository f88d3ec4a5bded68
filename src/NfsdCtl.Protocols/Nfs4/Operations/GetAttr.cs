using NfsdCtl.Protocols.Nfs4.Attributes;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.7: attributes of the current file.</summary>
internal static class GetAttr
{
    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        var wanted = AttributeSet.Read(ref arguments);
        return arguments.Failed
            ? nfsstat4.NFS4ERR_BADXDR
            : compound.Service.Attributes.Encode(compound, compound.Current, wanted, ref reply);
    }
}
