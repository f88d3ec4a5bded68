using System.Text;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Wire.Client;

/// <summary>The client's side of RFC 5531 §9: writes the call, reads the reply.</summary>
internal static class CallMessage
{
    /// <summary>Bytes for the record mark in front of the message; a datagram leaves them out.</summary>
    public const int MarkSize = 4;

    private const int MaxAuth = 400;
    private const int MaxMachineName = 255;
    private const uint LastFragment = 0x8000_0000;

    /// <summary>A record mark and the call.</summary>
    public static byte[] Encode(RpcRequest request, uint xid)
    {
        byte[] message = new byte[MarkSize + 10 * 4 + MaxAuth + request.Arguments.Length + 4];
        var w = new XdrWriter(message);
        w.U32(0);
        foreach (uint word in (ReadOnlySpan<uint>)[xid, 0, 2, request.Program, request.Version, request.Procedure])
            w.U32(word);
        Credential(ref w, request.Identity);
        w.U32(0);
        w.U32(0);
        w.Fixed(request.Arguments.Span);
        w.Patch(0, LastFragment | (uint)(w.Position - MarkSize));
        return w.Written.ToArray();
    }

    private static void Credential(ref XdrWriter w, RpcIdentity? identity)
    {
        w.U32(identity is null ? 0u : 1u);
        int length = w.Skip();
        if (identity is null)
            return;
        int start = w.Position;
        byte[] name = Encoding.UTF8.GetBytes(identity.MachineName);
        w.U32(0);
        w.Opaque(name.AsSpan(0, Math.Min(name.Length, MaxMachineName)));
        w.U32(identity.Uid);
        w.U32(identity.Gid);
        w.U32(0);
        w.Patch(length, (uint)(w.Position - start));
    }

    /// <summary>What a reply says; null when it is none, or another call's.</summary>
    public static RpcReply? Decode(ReadOnlyMemory<byte> message, uint xid)
    {
        var r = new XdrReader(message.Span);
        if (r.U32() != xid || r.U32() != 1 || r.Failed)
            return null;
        uint replyStatus = r.U32();
        if (replyStatus == 1)
            return Denied(ref r);
        r.U32();
        r.Opaque(MaxAuth);
        var status = (AcceptStatus)r.U32();
        if (r.Failed || replyStatus != 0)
            return null;
        return status == AcceptStatus.Success
            ? new RpcReply(RpcOutcome.Answered, status, message[r.Position..], null)
            : RpcReply.Refused(status, $"the call was answered with {status}");
    }

    private static RpcReply? Denied(ref XdrReader r)
    {
        uint why = r.U32();
        uint status = r.U32();
        if (r.Failed)
            return null;
        return RpcReply.Refused(AcceptStatus.SystemErr, why == 0 ? "the peer does not speak RPC version 2" : $"the credential was denied: {(AuthStatus)status}");
    }
}
