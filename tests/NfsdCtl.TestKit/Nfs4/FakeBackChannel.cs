using System.Collections.Concurrent;
using NfsdCtl.Protocols.Nfs4;
using NfsdCtl.State.Nfs4;
using NfsdCtl.Wire.Client;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;
using NUnit.Framework;

namespace NfsdCtl.TestKit.Nfs4;

/// <summary>A client's connection that answers when the test says so.</summary>
public sealed class FakeBackChannel : IBackChannel
{
    private static int lastPort;

    private readonly List<Action> whenClosed = [];
    private readonly ConcurrentQueue<Action<RpcReply>> waiting = new();

    /// <summary>Every CB_COMPOUND.</summary>
    public List<RpcRequest> Calls { get; } = [];

    /// <summary>Every CB_NULL, and what takes its answer.</summary>
    public List<(RpcRequest Call, Action<RpcReply> Answer)> Probes { get; } = [];

    public bool IsOpen { get; private set; } = true;

    public (NetAddress Address, ushort Port) Peer { get; init; } = (NetAddress.FromV4(0x0A00_0009), (ushort)Interlocked.Increment(ref lastPort));

    public object? User { get; set; }

    public uint Call(RpcRequest request, Action<RpcReply> answer)
    {
        if (!IsOpen)
            return 0;
        if (request.Procedure == 0)
        {
            Probes.Add((request, answer));
            return uint.MaxValue;
        }
        Calls.Add(request);
        waiting.Enqueue(answer);
        return (uint)Calls.Count;
    }

    public void Forget(uint xid)
    {
    }

    public void WhenClosed(Action told)
    {
        if (IsOpen)
            whenClosed.Add(told);
        else
            told();
    }

    public void Close()
    {
        IsOpen = false;
        while (waiting.TryDequeue(out var answer))
            answer(new RpcReply(RpcOutcome.NoAnswer, AcceptStatus.Drop, default, "closed"));
        whenClosed.ForEach(t => t());
    }

    public void Refuse() => Next()(Refused);

    public void RefuseProbe() => Probes[^1].Answer(Refused);

    public void AnswerProbe() => Probes[^1].Answer(new RpcReply(RpcOutcome.Answered, AcceptStatus.Success, default, null));

    /// <summary>Answers the oldest call: the status of CB_SEQUENCE, and of what is behind it.</summary>
    public void Answer(nfsstat4 sequence, nfsstat4 operation = nfsstat4.NFS4_OK)
    {
        var w = new XdrWriter(new byte[256]);
        w.U32((uint)(sequence != nfsstat4.NFS4_OK ? sequence : operation));
        w.Opaque([]);
        w.U32(sequence != nfsstat4.NFS4_OK ? 1u : 2);
        w.U32((uint)nfs_cb_opnum4.OP_CB_SEQUENCE);
        w.U32((uint)sequence);
        if (sequence == nfsstat4.NFS4_OK)
        {
            w.Fixed(new byte[32]);
            w.U32((uint)nfs_cb_opnum4.OP_CB_NOTIFY_LOCK);
            w.U32((uint)operation);
        }
        Next()(new RpcReply(RpcOutcome.Answered, AcceptStatus.Success, w.Written.ToArray(), null));
    }

    /// <summary>What a call of CB_SEQUENCE and CB_NOTIFY_LOCK says.</summary>
    public (byte[] Session, uint Sequence, uint Slot, byte[] Handle, ulong Client, byte[] Owner) Notice(int call, uint minorVersion = 1)
    {
        var r = new XdrReader(Calls[call].Arguments.Span);
        var (session, sequence, slot) = Head(ref r, minorVersion);
        Assert.That(r.U32(), Is.Zero, "referring calls");
        Assert.That(r.U32(), Is.EqualTo((uint)nfs_cb_opnum4.OP_CB_NOTIFY_LOCK));
        byte[] handle = r.Opaque(128).ToArray();
        ulong client = r.U64();
        byte[] owner = r.Opaque(1024).ToArray();
        Assert.That((r.Failed, r.Remaining), Is.EqualTo((false, 0)));
        return (session, sequence, slot, handle, client, owner);
    }

    /// <summary>What a call of CB_SEQUENCE and CB_OFFLOAD says; the verifier is 0 where it tells a failure.</summary>
    public (SlotCall RefersTo, byte[] Handle, StateId StateId, nfsstat4 Status, ulong Count, ulong Verifier) Offload(int call)
    {
        var r = new XdrReader(Calls[call].Arguments.Span);
        Head(ref r, 2);
        Assert.That(r.U32(), Is.EqualTo(1), "referring calls of one session");
        var session = SessionId.Read(r.Fixed(SessionId.Size));
        Assert.That(r.U32(), Is.EqualTo(1), "referring calls");
        uint sequence = r.U32();
        var refersTo = new SlotCall(session, r.U32(), sequence);
        Assert.That(r.U32(), Is.EqualTo((uint)nfs_cb_opnum4.OP_CB_OFFLOAD));
        byte[] handle = r.Opaque(128).ToArray();
        var stateId = StateId.Read(r.Fixed(StateId.Size));
        var status = (nfsstat4)r.U32();
        if (status == nfsstat4.NFS4_OK)
            Assert.That(r.U32(), Is.Zero, "no callback id");
        ulong count = r.U64();
        ulong verifier = 0;
        if (status == nfsstat4.NFS4_OK)
        {
            Assert.That(r.U32(), Is.EqualTo((uint)stable_how4.UNSTABLE4));
            verifier = r.U64();
        }
        Assert.That((r.Failed, r.Remaining), Is.EqualTo((false, 0)));
        return (refersTo, handle, stateId, status, count, verifier);
    }

    private static RpcReply Refused => new(RpcOutcome.Refused, AcceptStatus.ProgUnavail, default, "no such program");

    private Action<RpcReply> Next() => waiting.TryDequeue(out var answer) ? answer : throw new InvalidOperationException("no call waits for an answer");

    private static (byte[] Session, uint Sequence, uint Slot) Head(ref XdrReader r, uint minorVersion)
    {
        Assert.That((r.Opaque(10).Length, r.U32(), r.U32(), r.U32()), Is.EqualTo((0, minorVersion, 0u, 2u)), "tag, minor version, ident, operations");
        Assert.That(r.U32(), Is.EqualTo((uint)nfs_cb_opnum4.OP_CB_SEQUENCE));
        byte[] session = r.Fixed(16).ToArray();
        uint sequence = r.U32();
        uint slot = r.U32();
        Assert.That(r.U32(), Is.GreaterThanOrEqualTo(slot), "highest slot");
        Assert.That(r.Bool(), Is.False, "cachethis");
        return (session, sequence, slot);
    }
}
