using NfsdCtl.Protocols.Nfs4;
using NfsdCtl.Wire.Client;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Tests.Nfs4.Callback;

/// <summary>A client's connection that answers when the test says so.</summary>
internal sealed class FakeBackChannel : IBackChannel
{
    private readonly List<Action> whenClosed = [];
    private readonly Queue<Action<RpcReply>> waiting = new();

    public List<RpcRequest> Calls { get; } = [];

    public bool IsOpen { get; private set; } = true;

    public uint Call(RpcRequest request, Action<RpcReply> answer)
    {
        if (!IsOpen)
            return 0;
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

    public void Refuse() => waiting.Dequeue()(new RpcReply(RpcOutcome.Refused, AcceptStatus.ProgUnavail, default, "no such program"));

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
        waiting.Dequeue()(new RpcReply(RpcOutcome.Answered, AcceptStatus.Success, w.Written.ToArray(), null));
    }

    /// <summary>What a call of CB_SEQUENCE and CB_NOTIFY_LOCK says.</summary>
    public (byte[] Session, uint Sequence, uint Slot, byte[] Handle, ulong Client, byte[] Owner) Notice(int call, uint minorVersion = 1)
    {
        var r = new XdrReader(Calls[call].Arguments.Span);
        Assert.That((r.Opaque(10).Length, r.U32(), r.U32(), r.U32()), Is.EqualTo((0, minorVersion, 0u, 2u)), "tag, minor version, ident, operations");
        Assert.That(r.U32(), Is.EqualTo((uint)nfs_cb_opnum4.OP_CB_SEQUENCE));
        byte[] session = r.Fixed(16).ToArray();
        uint sequence = r.U32();
        uint slot = r.U32();
        Assert.That(r.U32(), Is.GreaterThanOrEqualTo(slot), "highest slot");
        Assert.That((r.U32(), r.U32()), Is.EqualTo((0u, 0u)), "cachethis, referring calls");
        Assert.That(r.U32(), Is.EqualTo((uint)nfs_cb_opnum4.OP_CB_NOTIFY_LOCK));
        byte[] handle = r.Opaque(128).ToArray();
        ulong client = r.U64();
        byte[] owner = r.Opaque(1024).ToArray();
        Assert.That((r.Failed, r.Remaining), Is.EqualTo((false, 0)));
        return (session, sequence, slot, handle, client, owner);
    }
}
