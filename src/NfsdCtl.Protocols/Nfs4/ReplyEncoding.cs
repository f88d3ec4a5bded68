using NfsdCtl.Vfs;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4;

/// <summary>Pieces that the results of several operations have.</summary>
internal static class ReplyEncoding
{
    /// <summary>
    /// change_info4 (RFC 8881 §3.3.9). Never "atomic": others may have changed the directory between the change and the look at it, and
    /// a client must not take its cache for whole then.
    /// </summary>
    public static void ChangeInfo(this ref XdrWriter reply, in WccData wcc)
    {
        reply.Bool(false);
        reply.U64(wcc.HasBefore ? wcc.ChangeBefore : 0);
        reply.U64(wcc.HasAfter ? wcc.After.ChangeCookie : 0);
    }
}
