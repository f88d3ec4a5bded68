using System.Collections.Concurrent;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.TestKit.RawRpc;

/// <summary>A program with one procedure for each thing that a transport has to get right.</summary>
public sealed class ToyProgram() : RpcProgram("toy", Id, 1, 2)
{
    public const uint Id = 0x2000_0001;
    public const uint Null = 0;
    public const uint Echo = 1;
    public const uint Block = 2;
    public const uint Stuck = 3;
    public const uint Big = 4;
    public const uint Splice = 5;
    public const uint Who = 6;
    public const uint Throw = 7;
    public const uint Sum = 8;
    public const uint DropFirst = 9;
    public const uint EchoAfterBlock = 10;
    public const uint LateFailure = 11;
    public const uint Hold = 12;
    public const uint GiveWayBack = 13;
    public const uint PutOff = 14;
    public const int MaxEcho = 2 << 20;

    private readonly ConcurrentDictionary<uint, bool> seen = new();

    /// <summary>The replies of <see cref="Hold"/> that wait, by xid; each is held twice.</summary>
    public ConcurrentDictionary<uint, IReplyHold> Held { get; } = new();

    /// <summary>What <see cref="Block"/> and <see cref="Stuck"/> wait for.</summary>
    public ManualResetEventSlim Gate { get; } = new();

    /// <summary>Counts calls that have come to wait at the gate.</summary>
    public SemaphoreSlim AtGate { get; } = new(0);

    /// <summary>The descriptor that <see cref="Splice"/> reads.</summary>
    public int File { get; set; } = -1;

    public int Dropped { get; private set; }

    /// <summary>What <see cref="PutOff"/> puts off.</summary>
    public PutOffWork Work { get; } = new();

    /// <summary>What <see cref="GiveWayBack"/> was called on.</summary>
    public ConcurrentQueue<IBackChannel?> WaysBack { get; } = new();

    public override AcceptStatus Execute(RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
    {
        switch (call.Procedure)
        {
            case Null:
                return AcceptStatus.Success;
            case Echo:
                return EchoBack(call, ref arguments, ref reply);
            case Block:
            case Stuck:
            case EchoAfterBlock:
                return Wait(call, ref arguments, ref reply);
            case Big:
                return Pattern(call, ref arguments, ref reply);
            case Splice:
                return SpliceFile(call, ref arguments, ref reply);
            case Who:
                return WhoAmI(call, ref reply);
            case Hold:
                return HoldBack(call, ref arguments, ref reply);
            case Throw:
                reply.U32(1);
                throw new InvalidOperationException("as asked");
            case Sum:
                reply.U32(Checksum(arguments.Opaque(MaxEcho)));
                return arguments.Failed ? AcceptStatus.GarbageArgs : AcceptStatus.Success;
            case DropFirst:
                return seen.TryAdd(call.Xid, true) && ++Dropped > 0 ? AcceptStatus.Drop : AcceptStatus.Success;
            case GiveWayBack:
                WaysBack.Enqueue(call.BackChannel);
                return AcceptStatus.Success;
            case PutOff:
                Work.Asked++;
                return call.BeforeReply(Work) ? AcceptStatus.Success : AcceptStatus.SystemErr;
            case LateFailure:
                _ = call.BeginSplice(File, 0, 64 << 10);
                reply.U32(7);
                return AcceptStatus.SystemErr;
            default:
                return AcceptStatus.ProcUnavail;
        }
    }

    public static uint Checksum(ReadOnlySpan<byte> data)
    {
        uint sum = 2166136261;
        foreach (byte b in data)
            sum = (sum ^ b) * 16777619;
        return sum;
    }

    private static AcceptStatus EchoBack(RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
    {
        var data = arguments.Opaque(MaxEcho);
        if (arguments.Failed)
            return AcceptStatus.GarbageArgs;
        call.EnsureRoom(ref reply, data.Length + 8);
        reply.Opaque(data);
        return AcceptStatus.Success;
    }

    /// <summary>Echoes when the test releases it.</summary>
    private AcceptStatus HoldBack(RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
    {
        if (call.HoldReply() is not { } hold || call.HoldReply() != hold)
            return AcceptStatus.SystemErr;
        Held[call.Xid] = hold;
        return EchoBack(call, ref arguments, ref reply);
    }

    private AcceptStatus Wait(RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
    {
        var data = call.Procedure == EchoAfterBlock ? arguments.Opaque(MaxEcho) : default;
        if (call.Procedure != Stuck)
            call.BeforeBlocking();
        AtGate.Release();
        Gate.Wait();
        if (call.Procedure != EchoAfterBlock)
            return AcceptStatus.Success;
        call.EnsureRoom(ref reply, data.Length + 8);
        reply.Opaque(data);
        return AcceptStatus.Success;
    }

    /// <summary>Bytes whose value tells their place.</summary>
    private static AcceptStatus Pattern(RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
    {
        int count = arguments.Count(MaxEcho);
        call.EnsureRoom(ref reply, count + 8);
        reply.U32((uint)count);
        var room = reply.Take(count);
        for (int i = 0; i < room.Length; i++)
            room[i] = PatternAt(i);
        return AcceptStatus.Success;
    }

    public static byte PatternAt(long place) => (byte)(place * 7 + (place >> 8));

    private AcceptStatus SpliceFile(RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
    {
        ulong offset = arguments.U64();
        int count = arguments.I32();
        int moved = call.BeginSplice(File, offset, count);
        if (moved < 0)
            return AcceptStatus.SystemErr;
        reply.U32((uint)moved);
        if (moved > 0)
            call.FinishSplice();
        return AcceptStatus.Success;
    }

    private static AcceptStatus WhoAmI(RpcCall call, ref XdrWriter reply)
    {
        foreach (var address in (ReadOnlySpan<NetAddress>)[call.LocalAddress, call.PeerAddress])
        {
            reply.U64(address.High);
            reply.U64(address.Low);
        }
        reply.U32(call.Uid);
        reply.U32((uint)call.GroupCount);
        return AcceptStatus.Success;
    }
}

/// <summary>Counts what was asked for, and what had been when it was last done.</summary>
public sealed class PutOffWork : IPutOff
{
    private int done;

    public int Asked { get; set; }

    public int Done => Volatile.Read(ref done);

    public int Runs { get; private set; }

    public void Run()
    {
        Runs++;
        Volatile.Write(ref done, Asked);
    }
}
