using NfsdCtl.State.Nfs4;
using NfsdCtl.Wire.Client;
using NfsdCtl.Wire.Rpc;

namespace NfsdCtl.Protocols.Nfs4.Callback;

/// <summary>How a request of a back channel was answered, as far as the channel cares.</summary>
internal enum CallbackOutcome : byte
{
    /// <summary>CB_SEQUENCE was accepted: the slot goes on.</summary>
    Accepted,

    /// <summary>NFS4ERR_DELAY for CB_SEQUENCE: the request was not seen, and its sequence is used again.</summary>
    Later,

    /// <summary>The client and this server do not agree about the slot any more.</summary>
    Fault,

    /// <summary>The connection answers no call-backs.</summary>
    NoProgram,

    /// <summary>The connection broke.</summary>
    Broken,
}

/// <summary>The back channel of one session: the connections that carry it, and its slots.</summary>
internal sealed class CallbackSession
{
    /// <summary>More connections than this carry no call-backs.</summary>
    private const int MostConnections = 16;

    private readonly Lock own = new();
    private readonly List<IBackChannel> connections = [];
    private readonly CallbackSlot[] slots;
    private int added;

    public CallbackSession(Nfs4Session session)
    {
        Session = session;
        slots = [.. Enumerable.Range(0, (int)session.Back.MaxRequests).Select(n => new CallbackSlot((uint)n))];
    }

    public Nfs4Session Session { get; }

    public bool HasConnection
    {
        get
        {
            lock (own)
                return connections.Count != 0;
        }
    }

    /// <summary>False when the connection is there already, or there are too many.</summary>
    public bool Add(IBackChannel connection)
    {
        lock (own)
        {
            if (connections.Count >= MostConnections || connections.Contains(connection))
                return false;
            connections.Add(connection);
            added++;
            return true;
        }
    }

    public void Remove(IBackChannel connection)
    {
        lock (own)
            connections.Remove(connection);
    }

    public bool Carries(IBackChannel connection)
    {
        lock (own)
            return connections.Contains(connection);
    }

    /// <summary>CB_NULL: whether somebody answers call-backs there, before any is needed. False: nobody can.</summary>
    public void Probe(IBackChannel connection, Action<bool> answered) =>
        connection.Call(Request(NFS4_CALLBACK.NFS_CB.CB_NULL, []), reply => answered(reply.Outcome != RpcOutcome.Refused));

    /// <summary>Starts a request on a free slot. False when there is none, or no connection: nothing was sent.</summary>
    public bool Start(Func<CallbackSlot, uint, byte[]> encode, Action<CallbackOutcome, nfsstat4> done, Action<CallbackSlot, IBackChannel, RpcReply> answered)
    {
        CallbackSlot? slot;
        lock (own)
        {
            slot = connections.Count == 0 ? null : Array.Find(slots, s => s.Request is null);
            if (slot is null)
                return false;
            slot.Request = encode(slot, HighestUsed(slot.Number));
            slot.Done = done;
        }
        Send(slot, answered);
        return true;
    }

    /// <summary>Sends what waits for a connection.</summary>
    public void SendStranded(Action<CallbackSlot, IBackChannel, RpcReply> answered)
    {
        List<CallbackSlot> stranded;
        lock (own)
        {
            stranded = [.. slots.Where(s => s.Stranded)];
            // Claimed: whoever comes at the same time leaves them alone.
            stranded.ForEach(s => s.Stranded = false);
        }
        foreach (var slot in stranded)
            Send(slot, answered);
    }

    /// <summary>A request was answered, or its connection broke. What is to be told then, or null.</summary>
    public Action<CallbackOutcome, nfsstat4>? Finish(CallbackSlot slot, CallbackOutcome outcome)
    {
        lock (own)
        {
            if (outcome is CallbackOutcome.Broken or CallbackOutcome.NoProgram)
            {
                slot.Stranded = true;
                return null;
            }
            if (outcome == CallbackOutcome.Accepted)
                slot.Sequence++;
            // A slot that is not agreed on stays taken: nothing more can be said under it.
            if (outcome != CallbackOutcome.Fault)
                slot.Request = null;
            var done = slot.Done;
            slot.Done = null;
            return done;
        }
    }

    private void Send(CallbackSlot slot, Action<CallbackSlot, IBackChannel, RpcReply> answered)
    {
        while (true)
        {
            IBackChannel[] ways;
            byte[] arguments;
            int sending;
            int seen;
            lock (own)
            {
                if (slot.Request is null)
                    return;
                arguments = slot.Request;
                ways = [.. connections];
                sending = ++slot.Sendings;
                seen = added;
            }
            var request = Request(NFS4_CALLBACK.NFS_CB.CB_COMPOUND, arguments);
            foreach (var way in ways)
            {
                if (way.Call(request, Answer(slot, sending, way, answered)) != 0)
                    return;
            }
            lock (own)
            {
                slot.Stranded = seen == added;
                if (slot.Stranded)
                    return;
            }
        }
    }

    /// <summary>What takes the answer to one sending; none is taken twice.</summary>
    private Action<RpcReply> Answer(CallbackSlot slot, int sending, IBackChannel way, Action<CallbackSlot, IBackChannel, RpcReply> answered) => reply =>
    {
        lock (own)
        {
            if (slot.Sendings != sending)
                return;
        }
        answered(slot, way, reply);
    };

    private RpcRequest Request(uint procedure, byte[] arguments) => new()
    {
        To = default,
        Program = Session.CallbackProgram,
        Version = NFS4_CALLBACK.NFS_CB.Number,
        Procedure = procedure,
        Identity = Session.CallbackUser is { } user ? new RpcIdentity(user.Uid, user.Gid, "") : null,
        Arguments = arguments,
    };

    private uint HighestUsed(uint also)
    {
        uint highest = also;
        foreach (var slot in slots)
        {
            if (slot.Request is not null)
                highest = Math.Max(highest, slot.Number);
        }
        return highest;
    }
}
