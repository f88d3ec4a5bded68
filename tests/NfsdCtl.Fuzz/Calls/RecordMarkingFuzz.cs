using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using NfsdCtl.Wire.Rpc;
using NfsdCtl.Wire.Server;
using NfsdCtl.Wire.Xdr;

namespace NfsdCtl.Fuzz.Calls;

/// <summary>
/// The TCP and UDP server on the loopback interface against streams that are cut, fragmented and damaged anywhere: whole calls
/// are answered, damage costs at most its own connection, and the next client is served.
/// </summary>
public sealed class RecordMarkingFuzz
{
    private const long MostMemory = 256L << 20;

    private readonly List<string> bugs = [];
    private RpcServer server = null!;
    private IPEndPoint tcp = null!;
    private IPEndPoint udp = null!;

    [OneTimeSetUp]
    public void Start()
    {
        server = new RpcServer(new RpcServerOptions { Threads = 4, Loops = 1 }, TimeProvider.System, (line, error) =>
        {
            lock (bugs)
            {
                if (error is not null)
                    bugs.Add(line + ": " + error);
            }
        });
        var loopback = NetAddress.FromV4(0x7F00_0001);
        tcp = new IPEndPoint(IPAddress.Loopback, server.Listen(loopback, 0, Transport.Tcp, new Echo())[0].Port);
        udp = new IPEndPoint(IPAddress.Loopback, server.Listen(loopback, 0, Transport.Udp, new Echo())[0].Port);
        server.Start();
    }

    [OneTimeTearDown]
    public void Stop()
    {
        server?.Dispose();
        Assert.That(bugs, Is.Empty);
    }

    [Test]
    [Category("Fuzz")]
    public void Calls_in_any_fragments_are_answered() => FuzzRun.For(random =>
    {
        using var client = Connect();
        int count = random.Next(1, 12);
        var expected = new List<byte[]>();
        var stream = new List<byte>();
        for (int i = 0; i < count; i++)
        {
            byte[] payload = Mutator.Bytes(random, random.Next(5) == 0 ? 200_000 : 500);
            expected.Add(payload);
            AddFragments(random, stream, [.. RecordMaker.Head(random, Echo.Program, 1, 1), .. Opaque(payload)]);
        }
        SendInPieces(random, client, [.. stream]);
        // Calls of one connection may overtake each other; the echo says which is which.
        var answers = Enumerable.Range(0, count).Select(_ => ReadRecord(client)).Select(reply => Convert.ToHexString(EchoOf(reply)));
        Assert.That(answers, Is.EquivalentTo(expected.Select(Convert.ToHexString)));
    });

    [Test]
    [Category("Fuzz")]
    public void Damaged_streams_cost_their_own_connection_only() => FuzzRun.For(random =>
    {
        using var bystander = Connect();
        for (int i = 0; i < 4; i++)
        {
            using var client = Connect();
            var stream = new List<byte>();
            for (int j = random.Next(4); j >= 0; j--)
                AddFragments(random, stream, [.. RecordMaker.Head(random, Echo.Program, 1, 1), .. Opaque(Mutator.Bytes(random, 300))]);
            byte[] damaged = random.Next(4) == 0 ? Mutator.Bytes(random, 5000) : Mutator.Mutate(random, [.. stream]);
            try
            {
                SendInPieces(random, client, damaged);
            }
            catch (SocketException)
            {
                // The server has closed it, as it may.
            }
            if (random.Next(2) == 0)
                client.LingerState = new LingerOption(true, 0);
        }
        AssertAlive(random, bystander);
        using var next = Connect();
        AssertAlive(random, next);
        Assert.That(Environment.WorkingSet, Is.LessThan(MostMemory + WorkingSetBefore), "memory");
    });

    [Test]
    [Category("Fuzz")]
    public void Any_datagram_is_answered_or_dropped() => FuzzRun.For(random =>
    {
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 5000 };
        client.Connect(udp);
        for (int i = 0; i < 8; i++)
        {
            byte[] valid = [.. RecordMaker.Head(random, Echo.Program, 1, 1), .. Opaque(Mutator.Bytes(random, 300))];
            client.Send(random.Next(3) == 0 ? Mutator.Bytes(random, 2000) : Mutator.Mutate(random, valid));
        }
        byte[] call = RecordMaker.Head(random, Echo.Program, 1, 0);
        client.Send(call);
        byte[] reply = new byte[65536];
        int length;
        do
            length = client.Receive(reply);
        while (!reply.AsSpan(0, 4).SequenceEqual(call.AsSpan(0, 4)));
        RecordMaker.AssertReply(call, reply.AsSpan(0, length));
    });

    /// <summary>A mark that promises more than the bound ends the connection before anything is buffered.</summary>
    [TestCase(0x8000_0000u | ((1 << 20) + (64 << 10) + 1))]
    [TestCase(0xFFFF_FFFFu)]
    [TestCase(0x7FFF_FFFFu)]
    public void A_record_over_the_bound_closes_the_connection(uint mark)
    {
        using var client = Connect();
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, mark);
        client.Send(bytes);
        Assert.That(IsClosed(client), "closed");
    }

    [Test]
    public void Empty_fragments_without_end_close_the_connection()
    {
        using var client = Connect();
        try
        {
            for (int i = 0; i < 64; i++)
                client.Send(new byte[4096]);
        }
        catch (SocketException)
        {
            return;
        }
        Assert.That(IsClosed(client), "closed");
    }

    private static long WorkingSetBefore { get; } = Environment.WorkingSet;

    private static bool IsClosed(Socket client)
    {
        try
        {
            return client.Receive(new byte[64]) == 0;
        }
        catch (SocketException error)
        {
            return error.SocketErrorCode == SocketError.ConnectionReset;
        }
    }

    private Socket Connect()
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 5000, SendTimeout = 5000 };
        client.Connect(tcp);
        return client;
    }

    private static void AssertAlive(Random random, Socket client)
    {
        byte[] call = RecordMaker.Head(random, Echo.Program, 1, 0);
        client.Send([.. Mark(call.Length, last: true), .. call]);
        RecordMaker.AssertReply(call, ReadRecord(client));
    }

    private static byte[] Mark(int length, bool last)
    {
        byte[] mark = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(mark, (uint)length | (last ? 0x8000_0000 : 0));
        return mark;
    }

    private static void AddFragments(Random random, List<byte> stream, byte[] record)
    {
        int at = 0;
        for (int left = random.Next(4); left > 0; left--)
        {
            int end = random.Next(at, record.Length + 1);
            stream.AddRange([.. Mark(end - at, last: false), .. record[at..end]]);
            at = end;
        }
        stream.AddRange([.. Mark(record.Length - at, last: true), .. record[at..]]);
    }

    private static void SendInPieces(Random random, Socket client, byte[] stream)
    {
        for (int at = 0; at < stream.Length;)
        {
            int length = Math.Min(stream.Length - at, random.Next(3) == 0 ? random.Next(1, 10) : random.Next(1, 100_000));
            client.Send(stream, at, length, SocketFlags.None);
            at += length;
        }
    }

    private static byte[] Opaque(byte[] payload)
    {
        var writer = new XdrWriter(new byte[payload.Length + 8]);
        writer.Opaque(payload);
        return writer.Written.ToArray();
    }

    private static byte[] ReadRecord(Socket client)
    {
        var record = new List<byte>();
        uint mark;
        do
        {
            mark = BinaryPrimitives.ReadUInt32BigEndian(ReadExactly(client, 4));
            record.AddRange(ReadExactly(client, (int)(mark & 0x7FFF_FFFF)));
        }
        while ((mark & 0x8000_0000) == 0);
        return [.. record];
    }

    private static byte[] ReadExactly(Socket client, int length)
    {
        byte[] bytes = new byte[length];
        for (int at = 0; at < length;)
        {
            int count = client.Receive(bytes, at, length - at, SocketFlags.None);
            Assert.That(count, Is.Positive, "the connection is open");
            at += count;
        }
        return bytes;
    }

    private static ReadOnlySpan<byte> EchoOf(byte[] reply)
    {
        var reader = new XdrReader(reply);
        reader.Fixed(CallFrame.AcceptedHead - 4);
        Assert.That(reader.U32(), Is.Zero, "success");
        return reader.Opaque(int.MaxValue);
    }

    /// <summary>Answers procedure 1 with its argument; every fourth call says that it may block.</summary>
    private sealed class Echo() : RpcProgram("echo", Program, 1)
    {
        public const uint Program = 0x2000_0001;

        private int calls;

        public override AcceptStatus Execute(RpcCall call, ref XdrReader arguments, ref XdrWriter reply)
        {
            if (call.Procedure == 0)
                return AcceptStatus.Success;
            if (call.Procedure != 1)
                return AcceptStatus.ProcUnavail;
            var data = arguments.Opaque(1 << 20);
            if (arguments.Failed)
                return AcceptStatus.GarbageArgs;
            if ((Interlocked.Increment(ref calls) & 3) == 0)
                call.BeforeBlocking();
            call.EnsureRoom(ref reply, data.Length + 8);
            reply.Opaque(data);
            return AcceptStatus.Success;
        }
    }
}
