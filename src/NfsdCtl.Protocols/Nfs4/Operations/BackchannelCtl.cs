using NfsdCtl.State.Nfs4;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nfs4.Operations;

/// <summary>RFC 8881 §18.33: another program number and other credentials for call-backs.</summary>
internal static class BackchannelCtl
{
    private const uint AuthNone = 0;
    private const uint AuthSys = 1;

    public static nfsstat4 Execute(Compound compound, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!BACKCHANNEL_CTL4args.Read(ref arguments, out var args))
            return nfsstat4.NFS4ERR_BADXDR;
        foreach (var security in args.bca_sec_parms)
        {
            if (security.cb_secflavor is not (AuthNone or AuthSys))
                continue;
            (uint, uint)? user = security.cb_secflavor == AuthSys ? (security.cbsp_sys_cred.uid, security.cbsp_sys_cred.gid) : null;
            using (var gate = compound.Enter())
                compound.Nfs4.Sessions.SetCallback(gate, compound.Slot.Session!, args.bca_cb_program, user);
            compound.RunEffects();
            return nfsstat4.NFS4_OK;
        }
        // None that can be used (RFC 8881 §18.33.3).
        return nfsstat4.NFS4ERR_INVAL;
    }
}
