using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Nlm.Procedures;

/// <summary>
/// FREE_ALL: a client without a status monitor has booted: what it held through this address is released, in grace too. It
/// speaks for its own address only.
/// </summary>
internal static class FreeAll
{
    public static AcceptStatus Execute(NlmService service, RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (!nlm4_notify.Read(ref arguments, out var notify))
            return AcceptStatus.GarbageArgs;
        var effects = NlmScratch.Current.Effects;
        using (var gate = service.State.Enter(effects))
            service.State.Clients.Rebooted(gate, call.PeerAddress, notify.name, call.LocalAddress, 0);
        service.Effects.Run(effects);
        return AcceptStatus.Success;
    }
}
