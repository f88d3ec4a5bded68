using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using NfsdCtl.TestKit.Rpc;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.TestKit.Clients;

/// <summary>Writes the arguments of a call, or the results of one that was received.</summary>
public delegate void Encode(ref XdrWriter writer);

/// <summary>Reads the results of a call.</summary>
public delegate T Decode<out T>(ref XdrReader reader);

/// <summary>The server answered, and not as RFC 5531 or the caller expects.</summary>
public sealed class RpcException(string message) : Exception(message);

/// <summary>
/// One TCP connection to one program of a server, one call at a time; it comes back after a broken connection as a hard mount
/// does, with the same XID, until <see cref="GiveUp"/>. Not safe for use by several threads.
/// </summary>
/// <param name="server">Asked at each new connection: after a restart or a move the port may be another.</param>
public sealed class RpcClient(Func<IPEndPoint> server, uint program, uint version, IPAddress? from = null) : IRpcChannel, IDisposable
{
    private const int LargestRecord = 2 << 20;
    private readonly byte[] call = new byte[LargestRecord];
    private readonly byte[] reply = new byte[LargestRecord];
    private Socket? socket;

    /// <summary>How long one attempt waits for its reply before the connection is given up and made anew.</summary>
    public TimeSpan Attempt { get; init; } = TimeSpan.FromMilliseconds(700);

    /// <summary>How long a call is tried in all; then <see cref="TimeoutException"/>.</summary>
    public TimeSpan GiveUp { get; init; } = TimeSpan.FromSeconds(60);

    public TestUser? User { get; set; } = TestUser.Root;

    public uint Xid { get; set; } = (uint)Random.Shared.Next();

    public RpcAnswer Call(uint program, uint version, uint procedure, ReadOnlySpan<byte> arguments)
    {
        var bytes = arguments.ToArray();
        return Call(procedure, (ref w) => w.Fixed(bytes), (ref r) => new RpcAnswer(AcceptStatus.Success, r.Fixed(r.Remaining).ToArray()));
    }

    public T Call<T>(uint procedure, Encode arguments, Decode<T> results)
    {
        var xid = Xid++;
        var length = Write(xid, procedure, arguments);
        var deadline = Environment.TickCount64 + (long)GiveUp.TotalMilliseconds;
        for (; ; )
        {
            try
            {
                var got = Exchange(length, xid);
                var reader = new XdrReader(reply.AsSpan(0, got));
                Accepted(ref reader);
                var value = results(ref reader);
                return reader.Failed ? throw new RpcException($"procedure {procedure}: the reply is shorter than its results") : value;
            }
            catch (Exception e) when (e is SocketException or IOException)
            {
                Drop();
                if (Environment.TickCount64 > deadline)
                    throw new TimeoutException($"program {program}, procedure {procedure}: no reply in {GiveUp.TotalSeconds} s: {e.Message}");
                Thread.Sleep(20);
            }
        }
    }

    private int Write(uint xid, uint procedure, Encode arguments)
    {
        var writer = new XdrWriter(call.AsSpan(4));
        foreach (var word in (ReadOnlySpan<uint>)[xid, 0, 2, program, version, procedure])
            writer.U32(word);
        // AUTH_SYS (RFC 5531 appendix A): stamp, machine name, uid, gid, no further groups; verifier AUTH_NONE
        foreach (var word in (ReadOnlySpan<uint>)[1, 20, 0, 0, User?.Uid ?? 0, User?.Gid ?? 0, 0, 0, 0])
            writer.U32(word);
        arguments(ref writer);
        if (writer.Overflow)
            throw new RpcException("the call does not fit the buffer");
        BinaryPrimitives.WriteUInt32BigEndian(call, 0x8000_0000u | (uint)writer.Position);
        return 4 + writer.Position;
    }

    private int Exchange(int length, uint xid)
    {
        var to = socket ??= Connect();
        to.Send(call.AsSpan(0, length));
        for (; ; )
        {
            var got = Record(to);
            // what an earlier attempt asked may be answered late
            if (got >= 4 && BinaryPrimitives.ReadUInt32BigEndian(reply) == xid)
                return got;
        }
    }

    private int Record(Socket from)
    {
        Span<byte> mark = stackalloc byte[4];
        for (var got = 0; ;)
        {
            Fill(from, mark);
            var header = BinaryPrimitives.ReadUInt32BigEndian(mark);
            var length = (int)(header & 0x7FFF_FFFF);
            if (got + length > reply.Length)
                throw new RpcException($"a record of {got + length} bytes or more");
            Fill(from, reply.AsSpan(got, length));
            got += length;
            if ((header & 0x8000_0000) != 0)
                return got;
        }
    }

    private static void Fill(Socket from, Span<byte> buffer)
    {
        for (var got = 0; got < buffer.Length;)
        {
            var n = from.Receive(buffer[got..]);
            got += n > 0 ? n : throw new IOException("the server closed the connection");
        }
    }

    private static void Accepted(ref XdrReader reader)
    {
        reader.U32();
        if (reader.U32() != 1)
            throw new RpcException("not a reply");
        if (reader.U32() is var denied and not 0)
            throw new RpcException($"call denied: {denied}, {reader.U32()}, {reader.U32()}");
        reader.U32();
        reader.Opaque(400);
        if (reader.U32() is var status and not 0)
            throw new RpcException($"accept status {status}");
    }

    private Socket Connect()
    {
        var to = server();
        var made = new Socket(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            made.ReceiveTimeout = made.SendTimeout = (int)Attempt.TotalMilliseconds;
            if (from is not null)
                made.Bind(new IPEndPoint(from, 0));
            // Connect has no time limit of its own
            var waiting = made.BeginConnect(to, null, null);
            if (!waiting.AsyncWaitHandle.WaitOne(Attempt))
                throw new SocketException((int)SocketError.TimedOut);
            made.EndConnect(waiting);
            return made;
        }
        catch
        {
            made.Dispose();
            throw;
        }
    }

    private void Drop()
    {
        socket?.Dispose();
        socket = null;
    }

    public void Dispose() => Drop();
}
