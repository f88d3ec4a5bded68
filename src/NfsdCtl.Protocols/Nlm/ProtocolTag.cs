using NfsdCtl.Wire.Rpc;

namespace NfsdCtl.Protocols.Nlm;

/// <summary>How a waiter asked, kept with it so that GRANTED is sent alike: the version and the transport.</summary>
internal static class ProtocolTag
{
    public static uint Of(RpcCall call) => call.Version | (uint)call.Transport << 8;

    public static (uint Version, Transport Transport) Split(uint tag) => (tag & 0xFF, (Transport)(byte)(tag >> 8));
}
