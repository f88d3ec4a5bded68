using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Protocols.Mount.Procedures;

/// <summary>Room for the lists of DUMP and EXPORT.</summary>
internal static class ListRoom
{
    /// <summary>Kept free for the RPC header and the end of the list, in bytes.</summary>
    private const int Spare = 512;

    /// <summary>The room is had in steps, in bytes.</summary>
    private const int Step = 8 << 10;

    /// <summary>True when <paramref name="bytes"/> more may be written: the reply stays within what the transport carries.</summary>
    public static bool Ensure(RpcCall call, ref XdrWriter reply, int bytes)
    {
        if (reply.Position + bytes > call.MaxReply - Spare)
            return false;
        if (reply.Room < bytes + sizeof(uint))
            call.EnsureRoom(ref reply, Math.Max(bytes + sizeof(uint), Math.Min(Step, call.MaxReply - Spare - reply.Position)));
        return true;
    }
}
