using NfsdCtl.Wire.Client;
using NfsdCtl.Wire.Rpc;

namespace NfsdCtl.Wire.Server;

/// <summary>The calls that the server made over a connection and that are not answered yet.</summary>
internal sealed class ConnectionBackChannel(TcpConnection connection) : IBackChannel
{
    /// <summary>A client that answers nothing keeps no more than this.</summary>
    private const int MostPending = 64;

    private readonly Lock own = new();
    private readonly Dictionary<uint, Action<RpcReply>> pending = [];
    private List<Action>? whenClosed = [];
    private uint lastXid = (uint)Random.Shared.Next();

    public bool IsOpen
    {
        get
        {
            lock (own)
                return whenClosed is not null;
        }
    }

    public (NetAddress Address, ushort Port) Peer => connection.Peer;

    public object? User { get; set; }

    public uint Call(RpcRequest request, Action<RpcReply> answer)
    {
        uint xid;
        lock (own)
        {
            if (whenClosed is null || pending.Count >= MostPending)
                return 0;
            do
                xid = ++lastXid;
            while (xid == 0 || !pending.TryAdd(xid, answer));
        }
        if (connection.TrySend(CallMessage.Encode(request, xid)))
            return xid;
        // Either this, or the end of the connection, has it.
        lock (own)
            return pending.Remove(xid) ? 0 : xid;
    }

    public void Forget(uint xid)
    {
        lock (own)
            pending.Remove(xid);
    }

    public void WhenClosed(Action told)
    {
        lock (own)
        {
            if (whenClosed is not null)
            {
                whenClosed.Add(told);
                return;
            }
        }
        told();
    }

    /// <summary>A reply came in. One that nobody waits for is dropped.</summary>
    public void Arrived(uint xid, ReadOnlySpan<byte> message)
    {
        Action<RpcReply>? answer;
        lock (own)
        {
            if (!pending.Remove(xid, out answer))
                return;
        }
        answer(CallMessage.Decode(message.ToArray(), xid) ?? RpcReply.NoAnswer("the reply cannot be read"));
    }

    /// <summary>The connection is gone.</summary>
    public void Close()
    {
        List<Action>? told;
        Action<RpcReply>[] unanswered;
        lock (own)
        {
            told = whenClosed;
            whenClosed = null;
            unanswered = [.. pending.Values];
            pending.Clear();
        }
        foreach (var answer in unanswered)
            answer(RpcReply.NoAnswer("the connection broke"));
        foreach (var tell in told ?? [])
            tell();
    }
}
