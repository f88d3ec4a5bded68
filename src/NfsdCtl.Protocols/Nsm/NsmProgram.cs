using NfsdCtl.Protocols.Nsm.Procedures;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nsm;

/// <summary>Answers one procedure.</summary>
internal delegate AcceptStatus NsmHandler(NsmService service, RpcCall call, ref XdrReader arguments, ref XdrWriter reply);

/// <summary>
/// The network status monitor, version 1 (XNFS chapter 11), in the process of the lock manager: clients tell it of their own
/// reboot, and local programs may have hosts watched.
/// </summary>
public sealed class NsmProgram : RpcProgram
{
    private static readonly NsmHandler[] Handlers =
        [Null, Stat.Execute, Mon.Execute, Unmon.Execute, UnmonAll.Execute, SimuCrash.Execute, Notify.Execute];

    private readonly NsmService service;

    public NsmProgram(NsmService service)
        : base("status", SM_PROG.Number, SM_PROG.SM_VERS.Number) => this.service = service;

    public override AcceptStatus Execute(RpcCall call, ref XdrReader arguments, ref XdrWriter reply) =>
        call.Procedure < (uint)Handlers.Length
            ? Handlers[call.Procedure](service, call, ref arguments, ref reply)
            : AcceptStatus.ProcUnavail;

    private static AcceptStatus Null(NsmService service, RpcCall call, ref XdrReader arguments, ref XdrWriter reply) =>
        AcceptStatus.Success;
}
