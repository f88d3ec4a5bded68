using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nsm.Procedures;

/// <summary>
/// SM_SIMU_CRASH: the monitor behaves as after a crash: a new state number. Locks are the lock manager's business and stay; for
/// programs of this machine only.
/// </summary>
internal static class SimuCrash
{
    public static AcceptStatus Execute(NsmService service, RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (NsmService.IsLocalRoot(call))
        {
            call.BeforeBlocking();
            service.Start();
        }
        return AcceptStatus.Success;
    }
}
