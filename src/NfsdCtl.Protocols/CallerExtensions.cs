using NfsdCtl.Vfs;
using NfsdCtl.Wire.Rpc;

namespace NfsdCtl.Protocols;

internal static class CallerExtensions
{
    private const uint AuthNone = 0;
    private const uint NfsProgram = 100003;

    /// <summary>Who asks, as the file layer wants to know it.</summary>
    public static Caller ToCaller(this RpcCall call) => new()
    {
        Client = call.PeerAddress,
        FromPrivilegedPort = call.FromPrivilegedPort,
        IsAnonymous = call.AuthFlavor == AuthNone,
        Uid = call.Uid,
        Gid = call.Gid,
        Groups = call.Groups,
        CrossesMounts = call.Program == NfsProgram && call.Version == 4,
        Hook = call,
    };
}
