using System.Buffers.Binary;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Wire.Rpc;

/// <summary>
/// The head of a call and the head of its reply (RFC 5531 §9): what every transport shares. A transport derives its
/// <see cref="RpcCall"/> from it and gives the room for replies.
/// </summary>
public abstract class CallFrame : RpcCall
{
    /// <summary>Bytes of an accepted reply before its result: xid, REPLY, MSG_ACCEPTED, AUTH_NONE verifier, accept_stat.</summary>
    public const int AcceptedHead = 24;

    private const uint AuthNone = 0;
    private const uint AuthSys = 1;
    private const int MaxAuth = 400;
    private const int MaxMachineName = 255;
    private const uint Nobody = 65534;

    /// <summary>The room for the reply, from its xid on: at least <see cref="AcceptedHead"/> and <see cref="RpcCall.DefaultRoom"/> bytes.</summary>
    protected abstract Span<byte> ReplyRoom { get; }

    /// <summary>The reply that was being written gets no further: what belongs to it outside of <see cref="ReplyRoom"/> is thrown away.</summary>
    protected virtual void DiscardResult()
    {
    }

    /// <summary>The message answers a call that went the other way.</summary>
    protected virtual void ReplyArrived(uint xid, ReadOnlySpan<byte> message)
    {
    }

    /// <summary>
    /// Executes one message and writes its reply into <see cref="ReplyRoom"/>. Returns the reply's length, or 0 when there is
    /// no answer.
    /// </summary>
    protected int Answer(ReadOnlySpan<byte> message, RpcProgram[] programs, Action<string, Exception?> report)
    {
        var arguments = new XdrReader(message);
        if (!TryParse(ref arguments, out var rejection))
        {
            if (message.Length >= 8 && BinaryPrimitives.ReadUInt32BigEndian(message[4..]) == 1)
                ReplyArrived(BinaryPrimitives.ReadUInt32BigEndian(message), message);
            return 0;
        }
        if (rejection is { } why)
            return WriteRejection(ReplyRoom, why);
        var reply = new XdrWriter(ReplyRoom[AcceptedHead..]);
        var status = Dispatch(programs, ref arguments, ref reply, report);
        if (status != AcceptStatus.Success)
            DiscardResult();
        if (status == AcceptStatus.Drop)
            return 0;
        if (status != AcceptStatus.Success)
            return WriteStatus(ReplyRoom, status);
        WriteAccepted(ReplyRoom, Xid);
        return AcceptedHead + reply.Position;
    }

    /// <summary>Reads the head. False: it is no call (a reply, or cut before its xid), and gets no answer.</summary>
    /// <param name="arguments">Stands at the procedure's arguments when <paramref name="verdict"/> is null.</param>
    /// <param name="verdict">The rejection to send, or null to go on.</param>
    private bool TryParse(ref XdrReader arguments, out Rejection? verdict)
    {
        verdict = null;
        Xid = arguments.U32();
        uint direction = arguments.U32();
        if (arguments.Failed || direction != 0)
            return false;
        uint rpcVersion = arguments.U32();
        Program = arguments.U32();
        Version = arguments.U32();
        Procedure = arguments.U32();
        if (arguments.Failed)
            return false;
        if (rpcVersion != 2)
        {
            verdict = Rejection.RpcMismatch;
            return true;
        }
        var auth = ReadCredential(ref arguments);
        uint verifierFlavor = arguments.U32();
        arguments.Opaque(MaxAuth);
        if (auth == AuthStatus.Ok && (arguments.Failed || verifierFlavor != AuthNone))
            auth = AuthStatus.BadVerf;
        if (auth != AuthStatus.Ok)
            verdict = Rejection.Auth(auth);
        return true;
    }

    private AuthStatus ReadCredential(ref XdrReader reader)
    {
        AuthFlavor = reader.U32();
        var body = reader.Opaque(MaxAuth);
        (Uid, Gid, GroupCount) = (Nobody, Nobody, 0);
        if (reader.Failed)
            return AuthStatus.BadCred;
        if (AuthFlavor == AuthNone)
            return AuthStatus.Ok;
        if (AuthFlavor != AuthSys)
            return AuthStatus.RejectedCred;
        var sys = new XdrReader(body);
        sys.U32();
        sys.Opaque(MaxMachineName);
        Uid = sys.U32();
        Gid = sys.U32();
        int count = sys.Count(MaxGroups);
        for (int i = 0; i < count; i++)
            GroupBuffer[i] = sys.U32();
        GroupCount = count;
        return sys.Failed ? AuthStatus.BadCred : AuthStatus.Ok;
    }

    /// <summary>Writes the head of a reply that is accepted with success.</summary>
    private static void WriteAccepted(Span<byte> head, uint xid)
    {
        head[..AcceptedHead].Clear();
        BinaryPrimitives.WriteUInt32BigEndian(head, xid);
        BinaryPrimitives.WriteUInt32BigEndian(head[4..], 1);
    }

    /// <summary>Writes a whole reply that reports <paramref name="status"/>; returns its length.</summary>
    private int WriteStatus(Span<byte> reply, AcceptStatus status)
    {
        WriteAccepted(reply, Xid);
        BinaryPrimitives.WriteUInt32BigEndian(reply[20..], (uint)status);
        if (status != AcceptStatus.ProgMismatch)
            return AcceptedHead;
        BinaryPrimitives.WriteUInt32BigEndian(reply[24..], Mismatch.Low);
        BinaryPrimitives.WriteUInt32BigEndian(reply[28..], Mismatch.High);
        return AcceptedHead + 8;
    }

    /// <summary>Writes a whole MSG_DENIED reply; returns its length.</summary>
    private int WriteRejection(Span<byte> reply, Rejection rejection)
    {
        var writer = new XdrWriter(reply);
        writer.U32(Xid);
        writer.U32(1);
        writer.U32(1);
        writer.U32(rejection.IsAuth ? 1u : 0u);
        if (rejection.IsAuth)
        {
            writer.U32((uint)rejection.Status);
        }
        else
        {
            writer.U32(2);
            writer.U32(2);
        }
        return writer.Position;
    }

    /// <summary>
    /// Finds the program among those that an endpoint serves and executes the call. The result stands in
    /// <paramref name="reply"/> only when the status is success.
    /// </summary>
    private AcceptStatus Dispatch(RpcProgram[] programs, ref XdrReader arguments, ref XdrWriter reply, Action<string, Exception?> report)
    {
        var other = AcceptStatus.ProgUnavail;
        foreach (var program in programs)
        {
            if (program.Number != Program)
                continue;
            // Several programs may share a number: the versions of NFS do.
            if (!program.Serves(Version))
            {
                var (low, high) = other == AcceptStatus.ProgMismatch ? Mismatch : (uint.MaxValue, 0);
                Mismatch = (Math.Min(low, program.Versions[0]), Math.Max(high, program.Versions[^1]));
                other = AcceptStatus.ProgMismatch;
                continue;
            }
            try
            {
                var status = program.Execute(this, ref arguments, ref reply);
                return status == AcceptStatus.Success && reply.Overflow ? AcceptStatus.SystemErr : status;
            }
            catch (Exception e)
            {
                // The net of the RPC call: a bug in one procedure must not end the server.
                report($"{program.Name} version {Version} procedure {Procedure} failed", e);
                return AcceptStatus.SystemErr;
            }
        }
        return other;
    }

    /// <summary>Why a call is denied (RFC 5531 §9, rejected_reply).</summary>
    private readonly record struct Rejection(bool IsAuth, AuthStatus Status)
    {
        public static Rejection RpcMismatch => new(false, AuthStatus.Ok);

        public static Rejection Auth(AuthStatus status) => new(true, status);
    }
}
